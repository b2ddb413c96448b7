//! Written files have the permissions that the umask gives; replaced files keep theirs.

use std::os::unix::fs::PermissionsExt;
use std::process::Command;

use crate::support::{Folder, Outcome, TONES, npy, tones, weights};

/// Runs `snnc` with a umask that excludes others, and writing by the group.
fn masked(folder: &Folder, words: &[&str]) -> Outcome {
    let snnc = folder.command(words);
    let mut shell = Command::new("sh");
    shell.args(["-c", "umask 027; exec \"$0\" \"$@\""]).arg(snnc.get_program()).args(snnc.get_args());
    shell.current_dir(folder.path("")).env("XDG_CACHE_HOME", folder.path("cache"));
    Outcome::of(shell.output().expect("there is a shell"))
}

fn mode(folder: &Folder, name: &str) -> u32 {
    let metadata = std::fs::metadata(folder.path(name)).unwrap_or_else(|e| panic!("`{name}`: {e}"));
    metadata.permissions().mode() & 0o777
}

fn set_mode(folder: &Folder, name: &str, mode: u32) {
    std::fs::set_permissions(folder.path(name), PermissionsExt::from_mode(mode)).expect("it is ours");
}

#[test]
fn new_files_and_folders_have_the_permissions_of_the_umask() {
    let folder = tones();
    let before = folder.files();
    masked(&folder, &["train", "tones.yaml", "--out", "out", "--set", "training.epochs=1"]).success();
    masked(&folder, &["encode", "data", "-o", "events", "--html", "page.html"]).success();
    masked(&folder, &["encode", "data/low_0.wav", "-o", "one.npy"]).success();
    let new: Vec<String> = folder.files().into_iter().filter(|name| !before.contains(name)).collect();
    for part in
        ["cache/", "out/weights.safetensors", "out/report.html", "events/low_0.npz", "page.html", "one.npy"]
    {
        assert!(new.iter().any(|name| name.starts_with(part)), "no {part} in {new:?}");
    }
    for name in new {
        assert_eq!(mode(&folder, &name), 0o640, "{name}");
    }
    assert_eq!(mode(&folder, "events"), 0o750);
    assert_eq!(mode(&folder, "out"), 0o750);
}

#[test]
fn replaced_files_keep_their_permissions() {
    let folder = Folder::new();
    folder.write("net.snn", TONES.replace("dt: 10 ms", "dt:10ms"));
    folder.write("w.safetensors", weights(TONES).to_safetensors());
    folder.write("in.npy", npy("|u1", false, &[2, 16], &[1; 32]));
    folder.write("out.npz", "");
    for kept in [0o600, 0o664, 0o755] {
        set_mode(&folder, "net.snn", kept);
        set_mode(&folder, "out.npz", kept);
        let run =
            ["run", "net.snn", "--weights", "w.safetensors", "--input", "in.npy", "--output", "out.npz"];
        masked(&folder, &run).success();
        masked(&folder, &["fmt", "net.snn"]).success();
        assert_eq!((mode(&folder, "net.snn"), mode(&folder, "out.npz")), (kept, kept));
        folder.write("net.snn", TONES.replace("dt: 10 ms", "dt:10ms"));
    }
    assert!(!folder.read("out.npz").is_empty());
}

/// Whatever replaces a file, its symbolic and hard links stay.
#[test]
fn replaced_files_keep_their_links() {
    use std::os::unix::fs::{MetadataExt, symlink};

    let folder = Folder::new();
    let unformatted = TONES.replace("dt: 10 ms", "dt:10ms");
    folder.write("w.safetensors", weights(TONES).to_safetensors());
    folder.write("in.npy", npy("|u1", false, &[2, 16], &[1; 32]));
    for (i, (command, file)) in [
        ("fmt soft", "net.snn"),
        ("fmt hard", "net.snn"),
        ("run net.snn --weights w.safetensors --input in.npy --output soft", "out.npz"),
        ("show net.snn --format svg -o hard", "net.svg"),
        ("build net.snn --weights w.safetensors --target nir -o soft", "net.nir"),
    ]
    .into_iter()
    .enumerate()
    {
        folder.write("net.snn", &unformatted);
        let [target, soft, hard] = [file.to_owned(), format!("soft{i}"), format!("hard{i}")];
        let extension = file.rsplit('.').next().unwrap_or_default();
        let [soft, hard] = [soft, hard].map(|name| format!("{name}.{extension}"));
        if file != "net.snn" {
            folder.write(file, "old");
        }
        set_mode(&folder, file, 0o640);
        symlink(file, folder.path(&soft)).expect("links can be made");
        if command.contains("hard") {
            std::fs::hard_link(folder.path(&target), folder.path(&hard)).expect("links can be made");
        }
        let before = folder.read(file);
        let command = command.replace("soft", &soft).replace("hard", &hard);
        masked(&folder, &command.split(' ').collect::<Vec<_>>()).success();
        let content = folder.read(file);
        assert_ne!(content, before, "{command}");
        assert_eq!(mode(&folder, file), 0o640, "{command}");
        let link = std::fs::symlink_metadata(folder.path(&soft)).expect("it is there");
        assert!(link.is_symlink() && folder.read(&soft) == content, "{command}");
        if command.contains("hard") {
            let [a, b] =
                [file, &hard].map(|name| std::fs::metadata(folder.path(name)).expect("it is there").ino());
            assert_eq!(a, b, "{command}");
            std::fs::remove_file(folder.path(&hard)).expect("it is there");
        }
    }
}
