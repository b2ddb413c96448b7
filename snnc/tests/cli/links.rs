//! Links in the documentation refer to existing files and headings, and each page links to the next.

use std::collections::BTreeSet;
use std::path::Path;

use crate::documentation::pages;
use crate::support::repository;

fn text(page: &Path) -> String {
    std::fs::read_to_string(page).unwrap_or_else(|e| panic!("{}: {e}", page.display()))
}

/// Returns the lines outside of code blocks.
fn lines(text: &str) -> impl Iterator<Item = &str> {
    let mut is_code = false;
    text.lines().filter(move |line| {
        let is_fence = line.trim_start().starts_with("```");
        is_code ^= is_fence;
        !is_code && !is_fence
    })
}

/// Returns the targets of `[text](target)` outside of code.
fn links(text: &str) -> Vec<String> {
    let prose: String = lines(text).flat_map(|line| [line, "\n"]).collect();
    // Every second part is between backticks, and so is code.
    let prose: String = prose.split('`').step_by(2).collect();
    let after = prose.split("](").skip(1);
    after.filter_map(|rest| rest.split_once(')')).map(|(target, _)| target.to_owned()).collect()
}

/// Returns the anchors that GitHub generates for the headings of a page.
fn anchors(text: &str) -> BTreeSet<String> {
    let headings = lines(text).filter_map(|line| line.strip_prefix('#'));
    let name = |heading: &str| {
        let heading = heading.trim_start_matches('#').trim().to_lowercase();
        let kept = heading.chars().filter(|c| c.is_alphanumeric() || matches!(c, ' ' | '-' | '_'));
        kept.map(|c| if c == ' ' { '-' } else { c }).collect()
    };
    headings.map(name).collect()
}

#[test]
fn every_link_leads_to_a_file_and_a_heading() {
    let mut broken = String::new();
    for page in pages() {
        for link in links(&text(&page)).iter().filter(|link| !link.starts_with("http")) {
            let (path, anchor) = link.split_once('#').unwrap_or((link, ""));
            let target = if path.is_empty() { page.clone() } else { page.with_file_name("").join(path) };
            let is_right = target.exists() && (anchor.is_empty() || anchors(&text(&target)).contains(anchor));
            if !is_right {
                broken += &format!("{}: {link}\n", page.display());
            }
        }
    }
    assert!(broken.is_empty(), "broken links:\n{broken}");
}

#[test]
fn the_index_lists_every_page_and_each_leads_to_the_next() {
    let index = links(&text(&repository("docs/README.md")));
    let listed: Vec<&String> = index.iter().filter(|link| !link.contains('/')).collect();
    for page in pages().iter().filter(|page| page.parent() == repository("docs/README.md").parent()) {
        let name = page.file_name().expect("a page has a name").to_string_lossy().into_owned();
        let Some(place) = listed.iter().position(|link| **link == name) else {
            assert_eq!(name, "README.md", "docs/README.md does not list it");
            continue;
        };
        // The link at the end of the index is the first page again.
        if let Some(next) = listed.get(place + 1).filter(|next| *next != &listed[0]) {
            let text = text(page);
            let last = text.lines().last().unwrap_or_default();
            assert!(last.starts_with("Next: [") && last.ends_with(&format!("]({next})")), "{name}: {last}");
        }
    }
}
