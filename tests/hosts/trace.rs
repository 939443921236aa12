//! What a line of a trace tells of files that were opened.

/// The path that a line of a trace says was opened or executed.
pub fn opened(line: &str) -> Option<&str> {
    let is_refused = line.contains(" = -1 ");
    let is_call = line.contains("openat(") || line.contains("open(") || line.contains("execve(");
    let (_, rest) = line.split_once('"').filter(|_| is_call && !is_refused)?;
    Some(rest.split_once('"')?.0)
}

#[test]
fn a_trace_tells_what_was_opened() {
    for (line, expected) in [
        (r#"12 openat(AT_FDCWD, "/etc/a", O_RDONLY|O_CLOEXEC) = 7"#, Some("/etc/a")),
        (r#"12 openat(AT_FDCWD, "/etc/a", O_RDONLY <unfinished ...>"#, Some("/etc/a")),
        (r#"12 openat(AT_FDCWD, "/etc/a", O_RDONLY) = -1 ENOENT (No such file or directory)"#, None),
        (r#"12 execve("/usr/bin/b", ["b", "/etc/a"], 0x7ffc) = 0"#, Some("/usr/bin/b")),
        ("12 <... openat resumed>)             = 3", None),
        ("12 +++ exited with 0 +++", None),
    ] {
        assert_eq!(opened(line), expected, "{line}");
    }
}
