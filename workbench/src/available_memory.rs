//! The memory that a process may still allocate.

use std::path::{Path, PathBuf};

/// Returns the bytes that can be allocated without swapping: what the machine has left, or less if a control group has a
/// limit, as in containers and jobs of a cluster. `None` if the system reports neither.
pub(crate) fn available_memory() -> Option<u64> {
    let machine = read(Path::new("/proc/meminfo")).and_then(|text| parse_meminfo(&text));
    let groups = read(Path::new("/proc/self/cgroup")).unwrap_or_default();
    let group = in_control_groups(&groups, Path::new("/sys/fs/cgroup"));
    machine.into_iter().chain(group).min()
}

fn parse_meminfo(meminfo: &str) -> Option<u64> {
    let line = meminfo.lines().find_map(|line| line.strip_prefix("MemAvailable:"))?;
    let kibibytes: u64 = line.trim().strip_suffix("kB")?.trim().parse().ok()?;
    kibibytes.checked_mul(1024)
}

/// Returns the minimum over all control groups of a process that limit memory. `groups` has the lines of
/// `/proc/self/cgroup`, `root` is where control groups are mounted.
fn in_control_groups(groups: &str, root: &Path) -> Option<u64> {
    let groups = groups.lines().filter_map(|line| {
        let mut parts = line.splitn(3, ':');
        let (_, controllers, path) = (parts.next()?, parts.next()?, parts.next()?);
        let path = path.trim_start_matches('/');
        match controllers.split(',').any(|name| name == "memory") {
            true => Some((root.join("memory"), path, V1)),
            // The second version has one hierarchy, without names of controllers.
            false => controllers.is_empty().then(|| (root.to_owned(), path, V2)),
        }
    });
    // A limit holds for all groups below. In a container, the path may be that outside: the root is the group then.
    let folders = groups.flat_map(|(root, path, files)| {
        let below: Vec<PathBuf> = root.join(path).ancestors().map(Path::to_owned).collect();
        below
            .into_iter()
            .take_while(move |folder| folder.starts_with(&root))
            .map(move |folder| (folder, files))
    });
    folders.filter_map(|(folder, files)| files.available(&folder)).min()
}

/// The names of the files of a control group that tell about memory.
#[derive(Clone, Copy)]
struct GroupFiles {
    limit: &'static str,
    usage: &'static str,
    /// The entry of `memory.stat` for pages of files that can be dropped, which count as used.
    reclaimable: &'static str,
}

const V1: GroupFiles = GroupFiles {
    limit: "memory.limit_in_bytes",
    usage: "memory.usage_in_bytes",
    reclaimable: "total_inactive_file ",
};
const V2: GroupFiles =
    GroupFiles { limit: "memory.max", usage: "memory.current", reclaimable: "inactive_file " };

impl GroupFiles {
    /// Returns the bytes left in a group; `None` if it has no limit.
    fn available(self, folder: &Path) -> Option<u64> {
        let number = |name: &str| read(&folder.join(name))?.trim().parse::<u64>().ok();
        let (limit, usage) = (number(self.limit)?, number(self.usage)?);
        let statistics = read(&folder.join("memory.stat")).unwrap_or_default();
        let reclaimable =
            statistics.lines().find_map(|line| line.strip_prefix(self.reclaimable)?.parse().ok());
        Some(limit.saturating_sub(usage.saturating_sub(reclaimable.unwrap_or(0))))
    }
}

fn read(path: &Path) -> Option<String> {
    std::fs::read_to_string(path).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn meminfo_is_parsed_in_kibibytes() {
        let text = "MemTotal:       24105000 kB\nMemAvailable:   21737 kB\nSwapTotal: 0 kB\n";
        assert_eq!(parse_meminfo(text), Some(21737 * 1024));
        assert_eq!(parse_meminfo("MemTotal: 5 kB\n"), None);
    }

    #[test]
    fn control_groups_limit_memory() {
        let root = tempfile::tempdir().unwrap();
        let write = |name: &str, text: &str| {
            let path = root.path().join(name);
            std::fs::create_dir_all(path.parent().unwrap()).unwrap();
            std::fs::write(path, text).unwrap();
        };
        let available = |groups: &str| in_control_groups(groups, root.path());
        assert_eq!(available("0::/job/step\n"), None);
        write("job/step/memory.max", "max\n");
        write("job/step/memory.current", "600\n");
        assert_eq!(available("0::/job/step\n"), None);
        // A limit of the group above, part of which is used by pages that can be dropped.
        write("job/memory.max", "1000\n");
        write("job/memory.current", "700\n");
        write("job/memory.stat", "anon 400\ninactive_file 250\n");
        assert_eq!(available("0::/job/step\n"), Some(550));
        assert_eq!(available("0::/\n"), None);

        let one = "12:cpu,cpuacct:/job\n4:memory:/job\n0::/\n";
        write("memory/memory.limit_in_bytes", "9223372036854771712\n");
        write("memory/memory.usage_in_bytes", "5\n");
        assert_eq!(available(one), Some(9_223_372_036_854_771_707));
        write("memory/job/memory.limit_in_bytes", "1000\n");
        write("memory/job/memory.usage_in_bytes", "1200\n");
        assert_eq!(available(one), Some(0));
        // The path outside of a container does not exist inside.
        assert_eq!(available("4:memory:/docker/1234\n"), Some(9_223_372_036_854_771_707));
    }
}
