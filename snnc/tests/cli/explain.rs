//! `snnc explain`.

use crate::support::Folder;

#[test]
fn codes_of_every_crate_are_explained() {
    let folder = Folder::new();
    for code in ["E0301", "W0401", "E0603", "X0105"] {
        let outcome = folder.snnc(&["explain", code]).success();
        assert!(outcome.text().starts_with(&format!("{code}: ")), "{}", outcome.text());
        assert!(outcome.text().lines().count() > 2, "{}", outcome.text());
        let lower = folder.snnc(&["explain", &code.to_lowercase()]).success();
        assert_eq!(lower.text(), outcome.text());
        assert_eq!(folder.snnc(&["explain", code, "--json"]).success().json()["code"], code);
    }
    folder.snnc(&["explain", "E0319"]).failure(2, &["there is no code `E0319`", "did you mean `E03"]);
    let outcome = folder.snnc(&["explain", "E9999"]).failure(2, &["there is no code `E9999`"]);
    assert!(!outcome.stderr.contains("did you mean"), "{}", outcome.stderr);
}
