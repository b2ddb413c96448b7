//! The checksum of a specification's archive, in the JSON of its comment: the 64-bit FNV-1a hash of the file, in which the
//! digits of the checksum count as zeros. `checksummed` says that there is one: a damaged byte of the name of the other
//! entry does not make the file one without a checksum.

use synnet_ir::fnv1a;

/// The end of the comment, up to the digits.
const BEFORE: &str = "  \"checksummed\": true,\n  \"checksum\": \"fnv1a:";
const AFTER: &str = "\"\n}\n";
const DIGITS: usize = 16;
/// Parts of the end that one damaged byte cannot all destroy.
const MARKS: [&str; 2] = ["\"checksummed\"", "\"checksum\""];

/// Returns the comment of an archive, with room for the checksum. `table` is the JSON of the layer table, if there is one.
pub(super) fn comment(table: Option<&str>) -> String {
    let table = table.and_then(|table| table.trim_end().strip_suffix("\n}"));
    let start = table.map_or("{\n".to_owned(), |table| format!("{table},\n"));
    format!("{start}{BEFORE}{}{AFTER}", "0".repeat(DIGITS))
}

/// Writes the checksum into the room that the comment of an archive has for it.
pub(super) fn seal(bytes: &mut [u8]) {
    let digits = format!("{:016x}", fnv1a(bytes));
    if let Some(at) = digits_at(bytes) {
        bytes[at..at + DIGITS].copy_from_slice(digits.as_bytes());
    }
}

/// Verifies the checksum of an archive, and returns the comment without it. An archive of another tool has none.
///
/// # Errors
/// Returns an error if the file was changed after it was written.
pub(super) fn verified(bytes: &[u8], comment: &[u8]) -> Result<Vec<u8>, String> {
    let has = |mark: &str| comment.windows(mark.len()).any(|window| window == mark.as_bytes());
    if !MARKS.into_iter().any(has) {
        return Ok(comment.to_vec());
    }
    let damaged = || "the file is damaged: its checksum does not match its content".to_owned();
    let at = digits_at(bytes).ok_or_else(damaged)?;
    let mut zeroed = bytes.to_vec();
    zeroed[at..at + DIGITS].fill(b'0');
    if format!("{:016x}", fnv1a(&zeroed)).as_bytes() != &bytes[at..at + DIGITS] {
        return Err(damaged());
    }
    let end = BEFORE.len() + DIGITS + AFTER.len();
    let table = &comment[..comment.len().saturating_sub(end)];
    Ok(match table.strip_suffix(b",\n") {
        Some(table) => [table, b"\n}\n"].concat(),
        None => Vec::new(),
    })
}

/// Returns the offset of the digits: the comment ends the file.
fn digits_at(bytes: &[u8]) -> Option<usize> {
    let rest = bytes.strip_suffix(AFTER.as_bytes())?;
    let before = rest.get(..rest.len().checked_sub(DIGITS)?)?;
    before.ends_with(BEFORE.as_bytes()).then_some(before.len())
}
