//! Paths, URIs and places of other files.

use std::rc::Rc;

use lsp_types::{Location, Range, Uri};
use synnet_dsl::tools::std_source;
use synnet_ir::{SourceId, Span};

use crate::analyzed::Analyzed;
use crate::document::Text;
use crate::workspace::Workspace;

/// Returns the path of a URI with the scheme `file`, with `/` as separator; other URIs as they are.
pub(crate) fn path_of(uri: &Uri) -> String {
    let Some(rest) = uri.as_str().strip_prefix("file://") else { return uri.as_str().to_owned() };
    // What stands before the first `/` names a host.
    let path = decoded(&rest[rest.find('/').unwrap_or(rest.len())..]);
    // `/c:/nets` is `c:/nets` on Windows.
    let bytes = path.as_bytes();
    let has_drive = bytes.len() > 2 && bytes[1].is_ascii_alphabetic() && bytes[2] == b':';
    if has_drive { path[1..].to_owned() } else { path }
}

/// Returns the URI of a path.
fn uri_of(path: &str) -> Option<Uri> {
    let slash = if path.starts_with('/') { "" } else { "/" };
    let is_plain = |b: u8| b.is_ascii_alphanumeric() || b"-._~/".contains(&b);
    let encoded = path.bytes().map(|b| {
        let b = if b == b'\\' { b'/' } else { b };
        if is_plain(b) { char::from(b).to_string() } else { format!("%{b:02X}") }
    });
    format!("file://{slash}{}", encoded.collect::<String>()).parse().ok()
}

fn decoded(text: &str) -> String {
    let bytes = text.as_bytes();
    let mut out = Vec::with_capacity(bytes.len());
    let mut at = 0;
    while at < bytes.len() {
        let digits = bytes.get(at + 1..at + 3).and_then(|digits| std::str::from_utf8(digits).ok());
        match digits.and_then(|digits| u8::from_str_radix(digits, 16).ok()) {
            Some(byte) if bytes[at] == b'%' => {
                out.push(byte);
                at += 3;
            }
            _ => {
                out.push(bytes[at]);
                at += 1;
            }
        }
    }
    String::from_utf8_lossy(&out).into_owned()
}

impl Workspace {
    /// Returns the place of a span for the editor; `None` if its source is no file.
    pub(crate) fn location(&self, analyzed: &Analyzed, span: Span) -> Option<Location> {
        let uri = self.uri(analyzed, span.source)?;
        Some(Location::new(uri, self.range(analyzed, span)))
    }

    /// Returns the range of a span in its source.
    pub(crate) fn range(&self, analyzed: &Analyzed, span: Span) -> Range {
        self.text(analyzed, span.source).range(span.start as usize, span.end as usize)
    }

    /// Returns the text of a source.
    pub(crate) fn text(&self, analyzed: &Analyzed, id: SourceId) -> Rc<Text> {
        analyzed.text(id, self.encoding)
    }

    /// Returns the URI of a source; that of the editor, if it is open.
    fn uri(&self, analyzed: &Analyzed, id: SourceId) -> Option<Uri> {
        let name = analyzed.name(id);
        if let Some(document) = self.documents.get(name) {
            return Some(document.uri.clone());
        }
        if analyzed.is_std(id) {
            // Editors open files, so the library is written to one.
            let path = self.environment.std_file(name, std_source(name)?)?;
            return self.documents.get(&path).map(|document| document.uri.clone()).or_else(|| uri_of(&path));
        }
        uri_of(name)
    }
}

#[cfg(test)]
mod tests {
    use lsp_types::Uri;

    use super::{path_of, uri_of};

    #[test]
    fn uris_and_paths_convert_both_ways() {
        for (uri, path) in [
            ("file:///home/a%20b/net.snn", "/home/a b/net.snn"),
            ("file:///d/%CF%84.snn", "/d/\u{3c4}.snn"),
            ("file:///c%3A/nets/a.snn", "c:/nets/a.snn"),
        ] {
            let parsed: Uri = uri.parse().expect("it is a URI");
            assert_eq!(path_of(&parsed), path);
            assert_eq!(uri_of(path).map(|uri| uri.as_str().to_owned()).as_deref(), Some(uri));
        }
        let untitled: Uri = "untitled:Untitled-1".parse().expect("it is a URI");
        assert_eq!(path_of(&untitled), "untitled:Untitled-1");
    }
}
