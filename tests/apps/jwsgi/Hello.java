import java.util.HashMap;

public class Hello {
    public Object[] application(HashMap<String, Object> request) {
        HashMap<String, Object> head = new HashMap<>();
        head.put("Content-Type", "text/plain");
        String body = "Hello from Java at " + request.get("PATH_INFO") + ", release " + System.getenv("PIKU_RELEASE") + "\n";
        return new Object[] {200, head, body};
    }
}
