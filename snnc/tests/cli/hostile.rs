//! Hostile surroundings: full disks, folders that cannot be written, inputs without end, signals, several runs at once.
//! Each ends with a clear error and the documented exit code, and nothing is half-written.

use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use crate::support::{Folder, Outcome, TONES, npy, tones, weights};

/// Runs a script of the shell in the folder, with `$SNNC` as the command.
fn shell(folder: &Folder, script: &str) -> Command {
    let snnc = folder.command(&["chips"]);
    let mut shell = Command::new("sh");
    shell.args(["-c", script]).env("SNNC", snnc.get_program()).env("XDG_CACHE_HOME", folder.path("cache"));
    shell.current_dir(folder.path("")).stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
    shell
}

fn run(folder: &Folder, script: &str) -> Outcome {
    Outcome::of(shell(folder, script).output().expect("there is a shell"))
}

/// Returns the epochs in the metrics of a folder; a file that is missing has none.
fn epochs(folder: &Folder, out: &str) -> Vec<usize> {
    let text = std::fs::read_to_string(folder.path(&format!("{out}/metrics.csv"))).unwrap_or_default();
    let rows = text.lines().skip(1).filter_map(|line| line.split(',').next()?.parse().ok());
    rows.collect()
}

/// Waits until training has written more than `after` epochs.
fn wait_for_epochs(folder: &Folder, child: &mut Child, after: usize) {
    let started = Instant::now();
    while epochs(folder, "out").len() <= after && started.elapsed() < Duration::from_secs(60) {
        assert!(child.try_wait().expect("it can be asked").is_none(), "training has ended");
        std::thread::sleep(Duration::from_millis(2));
    }
}

fn send(signal: &str, child: &Child) {
    let status = Command::new("kill").args([signal, &child.id().to_string()]).status();
    assert!(status.expect("`kill` can be run").success(), "{signal}");
}

/// Returns whether these tests run under `nohup`, as then every command does.
fn hangups_are_ignored() -> bool {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let mask = status.lines().find_map(|line| line.strip_prefix("SigIgn:"));
    mask.and_then(|mask| u64::from_str_radix(mask.trim(), 16).ok()).is_some_and(|mask| mask & 1 != 0)
}

const TRAIN: &str = "exec \"$SNNC\" train tones.yaml --out out --set training.epochs=1000000";

#[test]
fn signals_end_training_unless_the_parent_ignores_them() {
    for signal in ["-TERM", "-HUP"] {
        if signal == "-HUP" && hangups_are_ignored() {
            continue;
        }
        let folder = tones();
        let mut child = shell(&folder, TRAIN).spawn().expect("there is a shell");
        wait_for_epochs(&folder, &mut child, 0);
        send(signal, &child);
        let outcome = Outcome::of(child.wait_with_output().expect("it ends"));
        outcome.failure(130, &["interrupted after", "`--resume`"]);
        // Started again, an interrupted run would be lost.
        let again = ["train", "tones.yaml", "--out", "out", "--set", "training.epochs=1000000"];
        let before = folder.read("out/checkpoint.safetensors");
        let says = ["that was interrupted after", "continue it with `--resume`", "with `--overwrite`"];
        folder.snnc(&again).failure(2, &says);
        assert!(folder.read("out/checkpoint.safetensors") == before);
    }
    // As `nohup` and shells without job control start a command.
    let folder = tones();
    let mut child = shell(&folder, &format!("trap '' HUP INT; {TRAIN}")).spawn().expect("there is a shell");
    wait_for_epochs(&folder, &mut child, 0);
    send("-HUP", &child);
    send("-INT", &child);
    let done = epochs(&folder, "out").len();
    wait_for_epochs(&folder, &mut child, done + 3);
    send("-TERM", &child);
    Outcome::of(child.wait_with_output().expect("it ends")).failure(130, &["interrupted after"]);
}

/// All of them would write to `runs/tones`, and each would take the files of the others for its own.
#[test]
fn parallel_runs_with_different_settings_do_not_mix() {
    let folder = tones();
    let start = |seed: usize| {
        let set = format!("training.seed={seed}");
        let mut command =
            folder.command(&["train", "tones.yaml", "--set", "training.epochs=40", "--set", &set]);
        command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("it can be started")
    };
    let children: Vec<Child> = (1..4).map(start).collect();
    let wait = |child: Child| Outcome::of(child.wait_with_output().expect("it ends"));
    let outcomes: Vec<Outcome> = children.into_iter().map(wait).collect();
    let successes = outcomes.iter().filter(|outcome| outcome.code == Some(0)).count();
    assert_eq!(successes, 1, "{outcomes:?}");
    for outcome in outcomes.into_iter().filter(|outcome| outcome.code != Some(0)) {
        outcome.failure(2, &["runs/tones", "--out"]);
    }
    assert_eq!(epochs(&folder, "runs/tones"), (1..=40).collect::<Vec<_>>());
}

#[test]
fn folders_that_cannot_be_written_are_noticed_before_training() {
    let folder = tones();
    folder.write("file", "");
    for out in ["file/run", "/proc/nowhere/run"] {
        let outcome = folder.snnc(&["train", "tones.yaml", "--out", out, "--set", "training.epochs=1000000"]);
        outcome.failure(2, &["cannot write to the folder", out]);
    }
    // Root writes to any folder that is mounted for writing.
    run(&folder, "mkdir locked && chmod 555 locked").success();
    let outcome = folder.snnc(&["train", "tones.yaml", "--out", "locked/run", "--set", "training.epochs=1"]);
    assert!(matches!(outcome.code, Some(0 | 2)), "{}", outcome.stderr);
}

#[test]
fn full_disks_leave_no_part_of_a_file() {
    let folder = Folder::new();
    folder.write("net.snn", TONES);
    folder.write("w.safetensors", weights(TONES).to_safetensors());
    folder.write("in.npy", npy("|u1", false, &[2, 16], &[1; 32]));
    for command in [
        "build net.snn --weights w.safetensors --target rust -o /dev/full",
        "run net.snn --weights w.safetensors --input in.npy --output /dev/full",
        "show net.snn --format yaml > /dev/full",
    ] {
        let outcome = run(&folder, &format!("exec \"$SNNC\" {command}"));
        outcome.failure(2, &["the disk is full"]);
    }
    // A file system of 8 pages, which only root can mount.
    let script = "unshare -m sh -c 'mkdir full && mount -t tmpfs -o size=32k none full || exit 77
        head -c 31k /dev/zero > full/ballast
        \"$SNNC\" build net.snn --weights w.safetensors --target c -o full/net.c; code=$?
        ls -A full; exit $code'";
    let outcome = run(&folder, script);
    if matches!(outcome.code, Some(1 | 77)) && outcome.stdout.is_empty() {
        return;
    }
    let left = outcome.text().to_owned();
    outcome.failure(2, &["cannot write", "the disk is full"]);
    assert_eq!(left, "ballast\n");
}

#[test]
fn endless_inputs_and_folders_are_refused() {
    let folder = Folder::new();
    folder.write("net.snn", TONES);
    folder.write("w.safetensors", weights(TONES).to_safetensors());
    folder.write("in.npy", npy("|u1", false, &[2, 16], &[1; 32]));
    run(&folder, "ln -s b a; ln -s a b; mkfifo pipe").success();
    for input in ["/dev/zero", ".", "a", "/dev/null"] {
        for command in [
            format!("check {input}"),
            format!("fmt --check {input}"),
            format!("train {input} --out out"),
            format!("show net.snn --weights {input}"),
            format!("run net.snn --weights w.safetensors --input {input} --output out.npz"),
            format!("sim {input} --input in.npy --output out.npz"),
        ] {
            // An empty file is a network source without a network, which is well formed.
            let is_formatted = input == "/dev/null" && command.starts_with("fmt");
            let words: Vec<&str> = command.split(' ').collect();
            let started = Instant::now();
            let outcome = folder.snnc(&words);
            let is_refused = matches!(outcome.code, Some(1 | 2)) && !outcome.stderr.is_empty();
            assert!(is_refused || is_formatted, "{command}: {outcome:?}");
            assert!(started.elapsed() < Duration::from_secs(20), "{command}: {:?}", started.elapsed());
        }
    }
    // A pipe is an input like any other.
    run(&folder, "cat net.snn > pipe & exec \"$SNNC\" check pipe").success();
    assert!(!folder.files().iter().any(|name| name.starts_with("out")), "{:?}", folder.files());
}

#[test]
fn missing_surroundings_do_not_matter() {
    let folder = tones();
    let train = "train tones.yaml --set training.epochs=1 --overwrite --out";
    for (surroundings, name) in [
        ("env -u HOME -u XDG_CACHE_HOME", "none"),
        ("env HOME=/nonexistent XDG_CACHE_HOME=relative", "odd"),
        ("env TERM=no-such-terminal", "term"),
        ("env TERM=", "empty"),
        ("env -i", "nothing"),
    ] {
        run(&folder, &format!("exec {surroundings} \"$SNNC\" {train} {name}")).success();
        assert!(
            folder.read(&format!("{name}/weights.safetensors")) == folder.read("none/weights.safetensors")
        );
    }
    for command in ["chips", "--help", "show tones.snn", "explain E0301", "check tones.snn --json"] {
        run(&folder, &format!("exec \"$SNNC\" {command} >&-")).success();
    }
    run(&folder, "exec \"$SNNC\" check nowhere.snn 2>&-").failure(2, &[]);
}

/// Files that are newer than the clock, as after a reset of it, change no result.
#[test]
fn files_from_the_future_are_files() {
    let folder = tones();
    let words = ["train", "tones.yaml", "--out", "out", "--set", "training.epochs=2"];
    folder.snnc(&words).success();
    let before = folder.read("out/weights.safetensors");
    run(&folder, "touch -d 2099-01-01 out/* tones.* data/*").success();
    folder.snnc(&[&words[..], &["--resume"]].concat()).success();
    folder.snnc(&words).success();
    assert!(folder.read("out/weights.safetensors") == before);
}

/// Whether a run was interrupted is in its checkpoint, not in the times of its files.
#[test]
fn clocks_that_go_back_do_not_matter() {
    let folder = tones();
    let stops = ["--set", "training.epochs=40", "--set", "data.validation={take: [3]}", "--set"];
    let stops = [&stops[..], &["training.selection={by: validation_accuracy, patience: 1}"]].concat();
    let words = [&["train", "tones.yaml", "--out", "out"], &stops[..]].concat();
    folder.snnc(&words).success();
    assert!(epochs(&folder, "out").len() < 40);
    run(
        &folder,
        "touch -d 2099-01-01 out/checkpoint.safetensors; touch -d 2001-01-01 out/weights.safetensors",
    )
    .success();
    folder.snnc(&words).success();

    let mut child = shell(&folder, &TRAIN.replace("--out out", "--out cut --overwrite")).spawn();
    let child = child.as_mut().expect("there is a shell");
    while epochs(&folder, "cut").is_empty() {
        assert!(child.try_wait().expect("it can be asked").is_none(), "training has ended");
        std::thread::sleep(Duration::from_millis(2));
    }
    send("-TERM", child);
    child.wait().expect("it ends");
    run(&folder, "cp out/weights.safetensors cut; touch -d 2099-01-01 cut/weights.safetensors").success();
    let again = ["train", "tones.yaml", "--out", "cut", "--set", "training.epochs=1000000"];
    folder.snnc(&again).failure(2, &["that was interrupted after"]);
}

#[cfg(unix)]
#[test]
fn names_that_are_not_utf8_are_reported_as_such() {
    let folder = tones();
    run(&folder, r"cp data/low_0.wav data/low_$(printf '\377').wav").success();
    for command in ["train tones.yaml --out out", "encode data -o events"] {
        let outcome = run(&folder, &format!("exec \"$SNNC\" {command}"));
        outcome.failure(1, &["1 name is not UTF-8; rename the files or folders", r"`low_\xff.wav`"]);
    }
    run(&folder, r#"d=data/$(printf 'x\376y'); mkdir $d; mv data/low_$(printf '\377').wav $d/low_6.wav"#)
        .success();
    run(&folder, "exec \"$SNNC\" train tones.yaml --out out").failure(1, &[r"`x\xfey`"]);
    // A network with such a name is one as any other.
    run(&folder, r#"cp tones.snn $(printf 'net\377.snn'); exec "$SNNC" check net*.snn"#).success();
    run(&folder, r#"f=$(printf 'net\377.snn'); echo wrong >> "$f"; exec "$SNNC" check "$f""#)
        .failure(1, &[r"--> net\xff.snn:"]);
    // Misuse reads the arguments once more.
    run(&folder, r#"exec "$SNNC" check tones.snn net*.snn --json"#).failure(2, &["unexpected argument"]);
    run(&folder, r#"exec "$SNNC" check $(printf 'nowhere\377.snn')"#).failure(2, &[r"`nowhere\xff.snn`"]);
    assert!(!folder.files().iter().any(|name| name.starts_with("out")), "{:?}", folder.files());
}

/// Names of files, keys and classes that would clear the screen or turn text around.
#[cfg(unix)]
#[test]
fn names_do_not_act_on_the_terminal() {
    let folder = tones();
    folder.write("in\u{1b}[2J.npy", npy("|u1", false, &[2, 3], &[1; 6]));
    folder.write("net\u{1b}[2J\u{202e}.snn", "network N { dt: 1 ms; oops }");
    folder.write("r.yaml", crate::support::RECIPE.replace("[low, high]", "[low, \"hi\\egh\"]"));
    folder.write("k\u{9b}2J.yaml", "network: tones.snn\n\"k\\e[2J\": 1\n");
    for command in [
        "check net*.snn",
        "run tones.snn --init 1 --input in*.npy --output o.npz",
        "check k*.yaml",
        "train r.yaml --out out",
        "check \"$(printf 'none\\033[2J')\"",
    ] {
        let outcome = run(&folder, &format!("exec \"$SNNC\" {command}"));
        assert!(matches!(outcome.code, Some(1 | 2)), "{command}: {outcome:?}");
        let said = &outcome.stderr;
        assert!(!said.contains(['\u{1b}', '\u{9b}', '\u{202e}', '\u{7}']), "{command}: {said:?}");
    }
    let colored = shell(&folder, "exec \"$SNNC\" check net*.snn --color always").output().expect("it runs");
    let said = String::from_utf8(colored.stderr).expect("messages are text");
    assert!(said.contains("\u{1b}[1m") && !said.contains("\u{1b}[2J"), "{said:?}");
}

/// Two links to the folder that they are in would make `2^40` paths.
#[test]
fn loops_of_links_in_data_are_read_once() {
    let folder = tones();
    run(&folder, "ln -s . data/one; ln -s . data/two; ln -s loop data/loop").success();
    let started = Instant::now();
    folder.snnc(&["train", "tones.yaml", "--out", "out", "--set", "training.epochs=1"]).success();
    assert!(started.elapsed() < Duration::from_secs(20));
}
