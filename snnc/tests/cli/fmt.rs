//! `snnc fmt`.

use crate::support::{Folder, digits};

const UNTIDY: &str = "network  N { // a comment\n dt : 1ms ;\ninput x : 4;\n\
    layer out:lif( 4 ){tau_mem:4 ms,tau_syn:4 ms};\n x->linear->out; output out ; }";

#[test]
fn files_are_formatted_in_place() {
    let folder = Folder::new();
    folder.write("net.snn", UNTIDY);
    folder.write("tidy.snn", std::fs::read(digits()).expect("the example can be read"));
    folder.snnc(&["fmt", "--check", "tidy.snn"]).success();
    folder.snnc(&["fmt", "--check", "tidy.snn", "net.snn"]).failure(1, &["`net.snn`"]);
    assert_eq!(folder.read_text("net.snn"), UNTIDY, "`--check` changes nothing");

    folder.snnc(&["fmt", "tidy.snn", "net.snn"]).success();
    let tidy = folder.read_text("net.snn");
    assert!(tidy.contains("// a comment") && tidy.contains("\n    dt: 1 ms;\n"), "{tidy}");
    folder.snnc(&["fmt", "--check", "net.snn"]).success();
    assert_eq!(folder.files(), ["net.snn", "tidy.snn"]);

    let outcome = folder.snnc_with_input(&["fmt", "-"], UNTIDY.as_bytes()).success();
    assert_eq!(outcome.text(), tidy);
    folder.snnc_with_input(&["fmt", "--check", "-"], tidy.as_bytes()).success();
}

#[test]
fn a_file_with_errors_stays_as_it_is() {
    let folder = Folder::new();
    folder.write("net.snn", "network N { dt 1 ms; }");
    folder.write("other.snn", UNTIDY);
    folder.snnc(&["fmt", "net.snn", "other.snn"]).failure(1, &["error[E0101]", "net.snn:1:"]);
    assert_eq!(folder.read_text("net.snn"), "network N { dt 1 ms; }");
    assert_ne!(folder.read_text("other.snn"), UNTIDY, "the others are formatted all the same");
    folder.snnc(&["fmt", "missing.snn"]).failure(2, &["`missing.snn`"]);
}

#[test]
fn line_ends_and_byte_order_marks_are_reported() {
    let folder = Folder::new();
    folder.write("net.snn", UNTIDY);
    folder.snnc(&["fmt", "net.snn"]).success();
    let lf = folder.read_text("net.snn");
    let crlf = lf.replace('\n', "\r\n");
    folder.write("crlf.snn", &crlf);
    folder.snnc(&["fmt", "--check", "net.snn", "crlf.snn"]).success();
    folder.write("untidy.snn", UNTIDY.replace('\n', "\r\n"));
    folder.snnc(&["fmt", "crlf.snn", "untidy.snn"]).success();
    assert_eq!(folder.read_text("crlf.snn"), crlf);
    assert_eq!(folder.read_text("untidy.snn"), crlf);
    assert_eq!(folder.snnc_with_input(&["fmt", "-"], crlf.as_bytes()).success().text(), crlf);

    let total = lf.lines().count();
    let minority = format!("2 of {total}");
    for (mixed, expected, kind) in
        [(lf.replacen('\n', "\r\n", 2), &lf, "CRLF"), (crlf.replacen("\r\n", "\n", 2), &crlf, "LF")]
    {
        folder.write("mixed.snn", &mixed);
        let says = format!("`mixed.snn` (only the line endings differ: {minority} are {kind})");
        folder.snnc(&["fmt", "--check", "mixed.snn"]).failure(1, &[&says]);
        let says = format!("`mixed.snn`: normalized line endings: {minority} were {kind}");
        let said = folder.snnc(&["fmt", "mixed.snn"]).success().stderr;
        assert!(said.contains(&says), "{said}");
        assert_eq!(folder.read_text("mixed.snn"), *expected);
        let outcome = folder.snnc_with_input(&["fmt", "-"], mixed.as_bytes()).success();
        assert_eq!(outcome.text(), expected);
        assert!(outcome.stderr.contains("`<stdin>`: normalized line endings"), "{}", outcome.stderr);
    }
    folder.write("marked.snn", format!("\u{feff}{lf}"));
    folder.snnc(&["check", "marked.snn"]).success();
    folder
        .snnc(&["fmt", "--check", "marked.snn"])
        .failure(1, &["`marked.snn` (it starts with a byte order mark)"]);
    folder.snnc(&["fmt", "marked.snn"]).success();
    assert_eq!(folder.read_text("marked.snn"), lf);
    folder.snnc_with_input(&["fmt", "--json", "-"], lf.as_bytes()).failure(2, &["`--json` and `-`"]);
}
