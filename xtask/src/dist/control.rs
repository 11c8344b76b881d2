//! The package metadata for dpkg.

use super::libraries::Libraries;

/// What piku needs to run. Each package has the same name on Debian 12 and 13, and Ubuntu 22.04 and 24.04.
const DEPENDS: [&str; 8] = [
    "git",
    "nginx",
    "openssh-server",
    "passwd",
    "python3-venv",
    "systemd",
    "uwsgi-core",
    "uwsgi-plugin-python3",
];

/// Also installed by default: certificates for package indexes, and sudo, with which its members run `piku`.
/// Compilers are not: they are larger than everything else, and most Python packages come as wheels.
const RECOMMENDS: [&str; 2] = ["ca-certificates", "sudo"];

/// Needed by some kinds of apps.
const SUGGESTS: [&str; 9] = [
    "build-essential",
    "bundler",
    "composer",
    "default-jdk-headless",
    "golang-go",
    "nodejs",
    "npm",
    "python3-dev",
    "uwsgi-plugin-php",
];

const DESCRIPTION: &str = "\
Description: deploy to your own small server with git push
 piku turns this machine into a place that apps are pushed to with git. A push
 makes a release: it is built, started beside the running one, checked, and
 only then given the traffic. A push that fails changes nothing and says why.
 .
 uWSGI runs the processes of an app, nginx stands in front of them, and git and
 ssh are the interface; there are no containers, and it fits on a machine with
 256 MB. Apps in Python, Ruby, Java, PHP, Node.js, Go, Rust, and whatever else
 listens on a port are known, with workers and scheduled jobs.
 .
 Installing it makes the user piku, with the apps below /home/piku, and starts
 the services. Removing it keeps both.
";

/// Converts a Cargo version to Debian's order, in which a pre-release comes before its release.
pub(super) fn version(cargo: &str) -> String {
    let (number, build) =
        cargo.split_once('+').map_or((cargo, None), |(number, build)| (number, Some(build)));
    let number = number.replacen('-', "~", 1).replace('-', ".");
    build.map_or(number.clone(), |build| format!("{number}+{}", build.replace('-', ".")))
}

/// The maintainer: `DEBFULLNAME` and `DEBEMAIL`, as for Debian's own tools; without them, a placeholder.
pub(super) fn maintainer() -> String {
    let named =
        |variable: &str, default: &str| std::env::var(variable).unwrap_or_else(|_| default.to_owned());
    format!("{} <{}>", named("DEBFULLNAME", "The piku authors"), named("DEBEMAIL", "nobody@piku.invalid"))
}

/// The file `control`.
pub(super) fn control(
    version: &str,
    architecture: &str,
    maintainer: &str,
    libraries: Libraries,
    installed_kilobytes: u64,
) -> String {
    let mut depends = libraries.depends();
    depends.extend(DEPENDS.map(str::to_owned));
    format!(
        "Package: piku\nVersion: {version}\nArchitecture: {architecture}\nMaintainer: {maintainer}\n\
         Installed-Size: {installed_kilobytes}\nDepends: {}\nRecommends: {}\nSuggests: {}\nSection: web\n\
         Priority: optional\n{DESCRIPTION}",
        depends.join(", "),
        RECOMMENDS.join(", "),
        SUGGESTS.join(", "),
    )
}

/// The maintainer scripts of this version.
pub(super) fn scripts(version: &str) -> [(&'static str, String); 4] {
    let for_version = |text: &str| text.replace("@VERSION@", version);
    [
        ("preinst", for_version(include_str!("debian/preinst"))),
        ("postinst", for_version(include_str!("debian/postinst"))),
        ("prerm", for_version(include_str!("debian/prerm"))),
        ("postrm", for_version(include_str!("debian/postrm"))),
    ]
}

/// The file `copyright`, in Debian's machine-readable format. `mit` is the text of that license.
pub(super) fn copyright(mit: &[u8]) -> String {
    let mit = String::from_utf8_lossy(mit);
    let holder =
        mit.lines().find_map(|line| line.strip_prefix("Copyright (c) ")).unwrap_or("The piku authors");
    let terms = mit.lines().skip_while(|line| !line.starts_with("Permission is")).map(|line| match line {
        "" => " .\n".to_owned(),
        line => format!(" {line}\n"),
    });
    format!(
        "Format: https://www.debian.org/doc/packaging-manuals/copyright-format/1.0/\nUpstream-Name: piku\n\n\
         Files: *\nCopyright: {holder}\nLicense: Expat or Apache-2.0\n\nLicense: Expat\n{}\nLicense: Apache-2.0\n \
         On Debian systems, the text of this licence is in\n /usr/share/common-licenses/Apache-2.0.\n",
        terms.collect::<String>()
    )
}
