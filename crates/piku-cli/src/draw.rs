//! Draws a mistake under the line it is in.

use annotate_snippets::{AnnotationKind, Level, Renderer, Snippet};
use piku_core::{FileDiagnostic, Severity};

/// The mistake as text: severity, code, message; the place, the line, and a marker; the help.
pub(crate) fn diagnostic(found: &FileDiagnostic, color: bool) -> String {
    let what = &found.diagnostic;
    let level = if what.severity == Severity::Error { Level::ERROR } else { Level::WARNING };
    let text = String::from_utf8_lossy(&found.text);
    // Odd bytes are shown as replacement characters, which are longer: then the places no longer fit.
    let exact = matches!(text, std::borrow::Cow::Borrowed(_));
    let title = level.primary_title(&what.message).id(what.code);
    let mut group = annotate_snippets::Group::with_title(title);
    if !found.text.is_empty() && exact {
        let end = what.span.end.min(text.len());
        let span = what.span.start.min(end)..end;
        let snippet = Snippet::source(text.as_ref()).path(&found.file).line_start(1);
        group = group.element(snippet.annotation(AnnotationKind::Primary.span(span)));
    } else if !found.file.is_empty() {
        let place = found.place();
        group = group
            .element(annotate_snippets::Origin::path(&found.file).line(place.line).char_column(place.column));
    }
    let help = what.help.clone();
    if let Some(help) = &help {
        group = group.element(Level::HELP.message(help));
    }
    let renderer = if color { Renderer::styled() } else { Renderer::plain() };
    renderer.render(&[group])
}
