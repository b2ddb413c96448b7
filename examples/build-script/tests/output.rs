//! The example runs and prints what it should.

#[test]
fn it_prints_what_the_network_says() {
    let output =
        std::process::Command::new(env!("CARGO_BIN_EXE_example-build-script")).output().expect("it starts");
    assert!(output.status.success());
    let expected = "low, then high: 1 spikes for rising, 0 for falling
high, then low: 0 spikes for rising, 1 for falling\n";
    assert_eq!(String::from_utf8_lossy(&output.stdout), expected);
}
