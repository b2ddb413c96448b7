//! Links that lead away: soft links, external links, and hard links to nothing.
//!
//! `hdf5-pure` passes over them, or fails without a name. A field behind such a link would be missing without a word, so the
//! whole tree below `/node` is searched for them before it is read. The structures are those of the HDF5 File Format
//! Specification 3.0; what this search does not understand is left to the reader.

use std::collections::BTreeSet;

/// Maximum depth of groups: that of graphs, each with its group `nodes`, and metadata.
const MAX_DEPTH: usize = 40;
/// Maximum number of blocks of an object header.
const MAX_BLOCKS: usize = 1000;
/// Maximum height of a tree.
const MAX_HEIGHT: usize = 32;
/// Maximum length of a name, in bytes, so that the time of the search stays proportional to the size of the file.
const MAX_NAME: usize = 1024;
/// Maximum length of a name in messages.
const MAX_SHOWN: usize = 80;
/// Maximum number of entries that are reported.
const MAX_FOUND: usize = 100;
/// Messages of object headers (specification, IV.A.2).
mod message {
    pub(super) const LINK_INFO: u16 = 0x02;
    pub(super) const DATATYPE: u16 = 0x03;
    pub(super) const LINK: u16 = 0x06;
    pub(super) const LAYOUT: u16 = 0x08;
    pub(super) const CONTINUATION: u16 = 0x10;
    pub(super) const SYMBOL_TABLE: u16 = 0x11;
}

/// Returns the offset of the signature of HDF5: 0, or a power of two from 512 on, behind what other programs put there.
pub(super) fn signature(bytes: &[u8]) -> Option<usize> {
    std::iter::once(0)
        .chain((9..).map(|bits| 1_usize << bits))
        .take_while(|&at| at < bytes.len())
        .find(|&at| bytes[at..].starts_with(b"\x89HDF\r\n\x1a\n"))
}

/// Returns the entries of `/node` and below that lead away, each with a path and with what is wrong.
pub(super) fn leading_away(bytes: &[u8]) -> Vec<(String, String)> {
    let file = Bytes(&bytes[signature(bytes).unwrap_or(0)..]);
    let mut search = Search { file, visited: BTreeSet::new(), found: Vec::new(), budget: bytes.len() };
    if let Some(root) = search.root() {
        search.group(root, "", 0);
    }
    search.found
}

/// Little-endian numbers at offsets.
#[derive(Clone, Copy)]
struct Bytes<'a>(&'a [u8]);

impl<'a> Bytes<'a> {
    fn get(self, at: u64, len: u64) -> Option<&'a [u8]> {
        self.0.get(usize::try_from(at).ok()?..usize::try_from(at.checked_add(len)?).ok()?)
    }

    /// Returns the number of `len` bytes at an offset.
    fn number(self, at: u64, len: u64) -> Option<u64> {
        Some(self.get(at, len)?.iter().rev().fold(0, |number, &byte| number << 8 | u64::from(byte)))
    }

    fn u8(self, at: u64) -> Option<u8> {
        self.get(at, 1).map(|bytes| bytes[0])
    }

    fn u64(self, at: u64) -> Option<u64> {
        self.number(at, 8)
    }

    fn starts_with(self, at: u64, signature: &[u8]) -> bool {
        self.get(at, signature.len() as u64) == Some(signature)
    }
}

struct Search<'a> {
    file: Bytes<'a>,
    visited: BTreeSet<u64>,
    found: Vec<(String, String)>,
    /// Number of messages and entries that may still be read.
    budget: usize,
}

/// What an entry of a group leads to.
enum Link {
    /// The address of an object.
    Hard(u64),
    Soft(String),
    External(String, String),
}

impl<'a> Search<'a> {
    /// Returns the address of the root group's object header.
    fn root(&self) -> Option<u64> {
        let version = self.file.u8(8)?;
        let (sizes, root) = match version {
            0 => (13, 64),
            1 => (13, 68),
            2 | 3 => (9, 36),
            _ => return None,
        };
        // Addresses of other sizes than 64 bits are not written today.
        (self.file.number(sizes, 2)? == 0x0808).then(|| self.file.u64(root))?
    }

    fn spend(&mut self) -> Option<()> {
        self.budget = self.budget.checked_sub(1).filter(|_| self.found.len() < MAX_FOUND)?;
        Some(())
    }

    /// Searches a group and all groups below it.
    fn group(&mut self, at: u64, path: &str, depth: usize) -> Option<()> {
        if depth > MAX_DEPTH || !self.visited.insert(at) {
            return None;
        }
        let messages = self.messages(at)?;
        for (kind, data) in messages {
            let data = Bytes(data);
            match kind {
                message::SYMBOL_TABLE => {
                    let heap = data.u64(8)?;
                    let names = self.file.starts_with(heap, b"HEAP").then(|| self.file.u64(heap + 24))??;
                    self.symbols(data.u64(0)?, names, path, depth, 0);
                }
                message::LINK => {
                    if let Some((name, link, _)) = link(data, 0) {
                        self.entry(&name, link, path, depth);
                    }
                }
                message::LINK_INFO => {
                    let has_index = data.u8(1)? & 1 != 0;
                    let heap = data.u64(if has_index { 10 } else { 2 })?;
                    self.heap(heap, path, depth);
                }
                _ => {}
            }
        }
        Some(())
    }

    /// Returns the messages of an object header, of either version.
    fn messages(&mut self, at: u64) -> Option<Vec<(u16, &'a [u8])>> {
        let file = self.file;
        let is_new = file.starts_with(at, b"OHDR");
        let mut has_order = false;
        // Blocks of messages: start and end.
        let mut blocks = if is_new {
            let flags = file.u8(at + 5)?;
            has_order = flags & 4 != 0;
            let width = 1 << (flags & 3);
            let start =
                at + 6 + if flags & 0x20 != 0 { 16 } else { 0 } + if flags & 0x10 != 0 { 4 } else { 0 };
            vec![(start + width, file.number(start, width)?)]
        } else {
            (file.u8(at)? == 1).then_some(())?;
            vec![(at + 16, file.number(at + 8, 4)?)]
        };
        let mut messages = Vec::new();
        let mut next = 0;
        while let Some(&(start, len)) = blocks.get(next).filter(|_| next < MAX_BLOCKS) {
            next += 1;
            let end = start.checked_add(len)?;
            let mut place = start;
            let head = if is_new { 4 + if has_order { 2 } else { 0 } } else { 8 };
            while place.checked_add(head)? <= end {
                self.spend()?;
                let (kind, size) = if is_new {
                    (u16::from(file.u8(place)?), file.number(place + 1, 2)?)
                } else {
                    (file.number(place, 2)? as u16, file.number(place + 2, 2)?)
                };
                let data = file.get(place + head, size)?;
                if kind == message::CONTINUATION {
                    let (start, len) = (Bytes(data).u64(0)?, Bytes(data).u64(8)?);
                    // New blocks have a signature and a checksum.
                    blocks.push(if is_new {
                        (start.checked_add(4)?, len.checked_sub(8)?)
                    } else {
                        (start, len)
                    });
                } else {
                    messages.push((kind, data));
                }
                place += head + size;
            }
        }
        Some(messages)
    }

    /// Searches a tree of symbol tables, in which old files keep the entries of a group.
    fn symbols(&mut self, at: u64, names: u64, path: &str, depth: usize, height: usize) -> Option<()> {
        let file = self.file;
        self.visited.insert(at).then_some(())?;
        let used = Bytes(file.get(at, 8)?).number(6, 2)?;
        if file.starts_with(at, b"TREE") && height < MAX_HEIGHT {
            for i in 0..used {
                self.symbols(file.u64(at + 32 + 16 * i)?, names, path, depth, height + 1);
            }
        } else if file.starts_with(at, b"SNOD") {
            for i in 0..used {
                self.spend()?;
                let entry = at + 8 + 40 * i;
                let name = text_at(file, names.checked_add(file.u64(entry)?)?)?;
                let link = match file.number(entry + 16, 4)? {
                    2 => Link::Soft(text_at(file, names.checked_add(file.number(entry + 24, 4)?)?)?),
                    _ => Link::Hard(file.u64(entry + 8)?),
                };
                self.entry(&name, link, path, depth);
            }
        }
        Some(())
    }

    /// Searches a fractal heap, in which new files keep the entries of large groups.
    fn heap(&mut self, at: u64, path: &str, depth: usize) -> Option<()> {
        let file = self.file;
        // Filtered blocks are not written by the library for links.
        (file.starts_with(at, b"FRHP") && file.number(at + 7, 2)? == 0).then_some(())?;
        let has_checksum = file.u8(at + 9)? & 2 != 0;
        let offset = file.number(at + 128, 2)?.div_ceil(8);
        let heap = Heap {
            header: 13 + offset,
            checksum: if has_checksum { 4 } else { 0 },
            width: file.number(at + 110, 2)?,
            first: file.u64(at + 112)?,
            max_direct: file.u64(at + 120)?,
        };
        let (root, rows) = (file.u64(at + 132)?, file.number(at + 140, 2)?);
        if rows == 0 {
            return self.direct(&heap, root, heap.first, path, depth);
        }
        self.indirect(&heap, root, rows, path, depth, 0)
    }

    fn indirect(
        &mut self,
        heap: &Heap,
        at: u64,
        rows: u64,
        path: &str,
        depth: usize,
        height: usize,
    ) -> Option<()> {
        let file = self.file;
        (file.starts_with(at, b"FHIB") && height < MAX_HEIGHT && self.visited.insert(at)).then_some(())?;
        let mut place = at + heap.header;
        for row in 0..rows.min(64) {
            let size = heap.first.checked_shl(row.saturating_sub(1) as u32)?;
            for _ in 0..heap.width {
                self.spend()?;
                let block = file.u64(place)?;
                place += 8;
                if block == u64::MAX {
                    continue;
                }
                if size <= heap.max_direct {
                    self.direct(heap, block, size, path, depth);
                } else {
                    let rows =
                        u64::from((size / heap.first.checked_mul(heap.width)?.max(1)).checked_ilog2()?) + 1;
                    self.indirect(heap, block, rows, path, depth, height + 1);
                }
            }
        }
        Some(())
    }

    /// Searches a block of a fractal heap: one link after the other.
    fn direct(&mut self, heap: &Heap, at: u64, size: u64, path: &str, depth: usize) -> Option<()> {
        (self.file.starts_with(at, b"FHDB") && self.visited.insert(at)).then_some(())?;
        let block = Bytes(self.file.get(at, size)?);
        let mut place = heap.header + heap.checksum;
        while let Some((name, link, len)) = link(block, place) {
            self.spend()?;
            self.entry(&name, link, path, depth);
            place += len;
        }
        Some(())
    }

    /// Notes an entry that leads away, and searches what any other one leads to.
    fn entry(&mut self, name: &str, link: Link, path: &str, depth: usize) {
        // Beside NIR's group, a file may hold anything.
        if depth == 0 && name != "node" && name != "version" {
            return;
        }
        let path = format!("{path}/{name}");
        let problem = match link {
            Link::Soft(target) => format!("is a link to `{}`, which is not followed", short(&target)),
            Link::External(file, target) => {
                let (file, target) = (short(&file), short(&target));
                format!("is a link to `{target}` in the file `{file}`, which is not followed")
            }
            Link::Hard(address) => {
                let is_object = self.file.starts_with(address, b"OHDR") || self.file.u8(address) == Some(1);
                if is_object {
                    return self.object(address, &path, depth);
                }
                format!("is a link to byte {address}, where there is no object")
            }
        };
        self.found.push((path, problem));
    }

    fn object(&mut self, address: u64, path: &str, depth: usize) {
        let Some(messages) = self.messages(address) else { return };
        let has = |kind| messages.iter().any(|(other, _)| *other == kind);
        if has(message::LAYOUT) {
            return;
        }
        if has(message::DATATYPE) {
            self.found.push((path.to_owned(), "is a type without an array".to_owned()));
        } else {
            self.group(address, path, depth + 1);
        }
    }
}

/// The layout of a fractal heap.
struct Heap {
    /// Length of the header of a block without checksum.
    header: u64,
    checksum: u64,
    /// Number of blocks in a row.
    width: u64,
    /// Size of the blocks in the first row.
    first: u64,
    max_direct: u64,
}

/// Reads a link message: the name, what it leads to, and its length.
fn link(bytes: Bytes<'_>, at: u64) -> Option<(String, Link, u64)> {
    (bytes.u8(at)? == 1).then_some(())?;
    let flags = bytes.u8(at + 1)?;
    let mut place = at + 2;
    // Returns the place of the next part.
    let mut take = |len: u64| {
        let part = place;
        place = part.saturating_add(len);
        part
    };
    let kind = if flags & 8 != 0 { bytes.u8(take(1))? } else { 0 };
    // Order of creation, and character set of the name.
    take(if flags & 4 != 0 { 8 } else { 0 } + if flags & 16 != 0 { 1 } else { 0 });
    let width = 1 << (flags & 3);
    let len = bytes.number(take(width), width)?;
    let name = text(bytes.get(take(len), len)?);
    let link = match kind {
        0 => Link::Hard(bytes.u64(take(8))?),
        1 | 64 => {
            let len = bytes.number(take(2), 2)?;
            let value = bytes.get(take(len), len)?;
            if kind == 1 {
                Link::Soft(text(value))
            } else {
                // Flags, then the names of the file and of the object, each with a zero at its end.
                let mut names = value.get(1..)?.split(|&byte| byte == 0).map(text);
                Link::External(names.next()?, names.next()?)
            }
        }
        _ => return None,
    };
    Some((name, link, place - at))
}

/// Reads a text up to a zero.
fn text_at(file: Bytes<'_>, at: u64) -> Option<String> {
    let rest = file.0.get(usize::try_from(at).ok()?..)?;
    let len = rest.iter().take(MAX_NAME).position(|&byte| byte == 0)?;
    Some(text(&rest[..len]))
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

/// Returns a name on one line and of bounded length.
fn short(name: &str) -> String {
    name.chars().take(MAX_SHOWN).flat_map(char::escape_debug).collect()
}
