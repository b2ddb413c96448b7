//! The example runs and prints what it should.

#[test]
fn it_prints_what_the_network_says() {
    let output = std::process::Command::new(env!("CARGO_BIN_EXE_example-macro")).output().expect("it starts");
    assert!(output.status.success());
    let expected = "0.05 s: click
0.60 s: click
0.65 s: click
0.65 s: double click\n";
    assert_eq!(String::from_utf8_lossy(&output.stdout), expected);
}
