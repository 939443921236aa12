//! Any bytes are an archive or refused, as they are and as what a gzip file holds, within the limit.

#![no_main]

use std::io::Write as _;

use flate2::Compression;
use flate2::write::GzEncoder;
use libfuzzer_sys::fuzz_target;

const LIMIT: u64 = 1 << 20;

fuzz_target!(|bytes: &[u8]| {
    let _ = kthw::archive::list(bytes, LIMIT);
    let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
    encoder.write_all(bytes).expect("a Vec takes every write");
    let packed = encoder.finish().expect("a Vec takes every write");
    let Ok(members) = kthw::archive::list(&packed[..], LIMIT) else { return };
    for member in members {
        let mut content = Vec::new();
        kthw::archive::extract(&packed[..], &member.path, LIMIT, &mut content).expect("it was listed");
        assert_eq!(content.len() as u64, member.size);
    }
});
