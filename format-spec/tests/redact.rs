//! Redaction: nothing that was replaced is left, and what is compared stays comparable.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod support;

use std::{
    fs,
    path::{Path, PathBuf},
};

use format_spec::{
    Reader, Writer,
    record::{
        AnyRecord, Content, Entry, Failure, Failures, Manifest, PathArgument, Phase, Snapshot,
    },
    redact::{Kind, Redact, Redactor},
};

/// What names someone, one in each place that can hold it.
const SECRETS: [&str; 23] = [
    "zeppelin",
    "corp.example",
    "alice",
    "bobsmith",
    "acmed",
    "payroll",
    "203.0.113.77",
    "198.51.100.9",
    "2001:db8:77::19",
    "52:54:00:ab:cd:ef",
    "hunter2",
    "d2f3a1b4c5e69788aabbccdd",
    "webshop",
    "4d2f1b9e-1111-4222-8333-abcdefabcdef",
    "mycontainer",
    "ffffb3212b73f000",
    "4D7100CB",
    "customer",
    "secretpool",
    "nfsfiler",
    "TopSecret",
    "abstractname",
    "tenant",
];

fn redacted(key: u8, records: Vec<AnyRecord>) -> (Vec<AnyRecord>, Redactor) {
    let mut redactor = Redactor::new([key; 32]);
    let redact = |mut record: AnyRecord| {
        record.redact(&mut redactor);
        record
    };
    (records.into_iter().map(redact).collect(), redactor)
}

fn file(path: &str, text: &str) -> Entry {
    Entry {
        path: path.into(),
        content: Content::File {
            bytes: text.into(),
            truncated: false,
        },
    }
}

fn records() -> Vec<AnyRecord> {
    let mut runner = proptest::test_runner::TestRunner::deterministic();
    let mut manifest: Manifest = support::sample(&mut runner);
    manifest.host.hostname = "zeppelin.corp.example".into();
    manifest.host.boot_id = "4d2f1b9e-1111-4222-8333-abcdefabcdef".into();
    manifest.command_line = [
        "/opt/acmed/capture",
        "--container",
        "mycontainer",
        "--for",
        "60s",
        "--",
        "mysql",
        "--password=hunter2",
    ]
    .map(Into::into)
    .into();
    let path = |text: &str| PathArgument {
        argument: 1,
        bytes: text.into(),
        truncated: false,
    };
    let failure = Failure {
        comm: b"acmed".into(),
        paths: vec![
            path("/home/alice/payroll/TopSecret 2026.xlsx"),
            path("customer/x"),
            path("/proc/sys/fs/mount-max"),
        ],
        ..Failure::default()
    };
    let entries = vec![
        file("/proc/sys/kernel/hostname", "zeppelin\n"),
        file(
            "/proc/77/cgroup",
            "0::/system.slice/docker-d2f3a1b4c5e69788aabbccdd.scope\n",
        ),
        file(
            "/proc/77/status",
            "Name:\tacmed\nUmask:\t0022\nCapEff:\t000001ffffffffff\n",
        ),
        file("/proc/77/stat", "77 (acmed) S 1 77\n"),
        file("/proc/77/comm", "acmed\n"),
        file("/proc/77/attr/current", "webshop (enforce)\n"),
        file(
            "/proc/77/mountinfo",
            "36 35 98:0 / /home/alice rw,relatime shared:1 - zfs secretpool/alice rw\n37 35 0:50 / /mnt rw - nfs nfsfiler:/payroll rw,addr=203.0.113.77,username=bobsmith\n38 35 0:51 / /x rw - overlay overlay rw,lowerdir=/srv/webshop/a:/srv/payroll/b\n",
        ),
        file(
            "/proc/cmdline",
            "root=/dev/vda quiet PASSWORD=hunter2 hostname=zeppelin\n",
        ),
        file(
            "/proc/net/arp",
            "IP address HW type Flags HW address Mask Device\n203.0.113.77 0x1 0x2 52:54:00:ab:cd:ef * eth0\n",
        ),
        file(
            "/proc/net/tcp",
            "  sl  local_address rem_address st\n   0: 4D7100CB:1F90 00000000:0000 0A\n",
        ),
        file(
            "/proc/net/unix",
            "Num RefCount Protocol Flags Type St Inode Path\n00000000145a18ce: 00000002 00000000 00010000 0001 01 286 /run/payroll/my sock TopSecret\n00000000145a18ce: 00000002 00000000 00010000 0001 01 287 @abstractname\n",
        ),
        file(
            "/proc/net/ipv6_addresses",
            "2001:db8:77::19/64 via 198.51.100.9.\n",
        ),
        file(
            "/proc/modules",
            "bridge 315392 0 - Live 0xffffb3212b73f000\n",
        ),
        file(
            "etz:kmsg",
            "time_us level text\n12 4 audit: comm=\"acmed\" name=\"customer\" host zeppelin.corp.example user bobsmith@corp.example\n\
             13 5 Kernel command line: quiet site=tenant tenant\n\
             14 7   with arguments:\n15 7     tenant\n16 5 Unknown kernel command line parameters \"tenant\"\n",
        ),
        file(
            "etz:paths",
            "pid mode uid gid device inode attributes xattrs size_bytes path\n944 40755 0 0 254:0 2 - - 4096 /srv/webshop/My TopSecret\n",
        ),
        file(
            "etz:folders",
            "mount device inode path\n27 254:0 2 /srv/webshop/My TopSecret\n",
        ),
        file(
            "etz:unanswered",
            "device type asked path\n0:40 fuse.x yes /srv/webshop/My TopSecret\n",
        ),
        file(
            "etz:port-holders",
            "net_ns protocol local_address state uid inode pid\n4026531840 tcp 4D7100CB:1F90 0A 0 286 944\n",
        ),
        Entry {
            path: b"/sys/fs/cgroup/mycontainer/pids.max".into(),
            content: Content::Link(b"/home/alice (deleted)".into()),
        },
        Entry {
            path: b"/srv".into(),
            content: Content::Directory(vec![b"webshop".into()]),
        },
    ];
    let snapshot = Snapshot {
        number: 0,
        phase: Phase::Start,
        started_ns: 0,
        ended_ns: 1,
        entries,
    };
    vec![
        AnyRecord::Manifest(manifest),
        AnyRecord::Failures(Failures {
            rows: vec![failure],
        }),
        AnyRecord::Snapshot(snapshot),
    ]
}

/// The payloads of a bundle of these records, decompressed.
fn payloads(records: &[AnyRecord]) -> Vec<u8> {
    let mut writer = Writer::new(Vec::new(), [0; 16], 0).unwrap();
    for record in records {
        record.write(&mut writer, 0).unwrap();
    }
    let file = writer.finish().unwrap();
    let reader = Reader::new(&file).unwrap();
    let frames = reader.frames().iter();
    frames
        .flat_map(|frame| reader.payload(frame).unwrap())
        .collect()
}

fn holds(bytes: &[u8], string: &str) -> bool {
    bytes
        .windows(string.len())
        .any(|window| window.eq_ignore_ascii_case(string.as_bytes()))
}

#[test]
fn no_secret_is_left_anywhere() {
    let before = payloads(&records());
    let (after, redactor) = redacted(1, records());
    let after = payloads(&after);
    for secret in SECRETS {
        assert!(holds(&before, secret), "{secret} is not in the test");
        assert!(
            !holds(&after, secret),
            "{secret} is left:\n{}",
            String::from_utf8_lossy(&after)
        );
    }
    assert!(redactor.report().len() >= 7, "{:?}", redactor.report());
}

#[test]
fn what_is_public_and_what_is_compared_stays() {
    let (after, _) = redacted(1, records());
    let after = payloads(&after);
    for text in [
        "/proc/sys/fs/mount-max",
        "CapEff:\t000001ffffffffff",
        "pids.max",
        "root=/dev/vda",
        "--container",
        "60s",
        "relatime shared:1 - zfs",
        "4096 /srv/",
        "/home/",
        "docker-",
        "77 (",
    ] {
        assert!(
            holds(&after, text),
            "{text} is gone:\n{}",
            String::from_utf8_lossy(&after)
        );
    }
}

#[test]
fn the_same_key_gives_the_same_pseudonyms_and_another_gives_others() {
    assert_eq!(redacted(1, records()).0, redacted(1, records()).0);
    assert_ne!(redacted(1, records()).0, redacted(2, records()).0);
}

#[test]
fn addresses_keep_their_networks() {
    let mut redactor = Redactor::new([3; 32]);
    let mut redact = |text: &str| {
        let mut snapshot = Snapshot {
            number: 0,
            phase: Phase::End,
            started_ns: 0,
            ended_ns: 0,
            entries: vec![file("/proc/net/fib_trie", text)],
        };
        snapshot.redact(&mut redactor);
        match &snapshot.entries[0].content {
            Content::File { bytes, .. } => String::from_utf8(bytes.clone()).unwrap(),
            _ => unreachable!(),
        }
    };
    let network = redact("198.51.100.0/24");
    let prefix = network.strip_suffix("0/24").unwrap();
    assert!(redact("198.51.100.9").starts_with(prefix), "{network}");
    assert!(!redact("198.51.7.9").starts_with(prefix));
    assert_eq!(
        redact("127.0.0.1 255.255.255.0 0.0.0.0 ::1 224.0.0.1"),
        "127.0.0.1 255.255.255.0 0.0.0.0 ::1 224.0.0.1"
    );
    let all: std::collections::HashSet<_> = (0..=255)
        .map(|octet| redact(&format!("198.51.100.{octet}")))
        .collect();
    assert_eq!(all.len(), 256);
}

/// Bundles of every recorder that there was.
fn committed() -> Vec<PathBuf> {
    let testdata = Path::new(env!("CARGO_MANIFEST_DIR")).join("../testdata");
    let folders = ["bundles", "bundles/kernels"].map(|folder| testdata.join(folder));
    let entries = folders
        .iter()
        .filter_map(|folder| fs::read_dir(folder).ok());
    let paths = entries.flatten().map(|entry| entry.unwrap().path());
    paths
        .filter(|path| path.extension().is_some_and(|extension| extension == "etz"))
        .collect()
}

/// 16 hexadecimal digits from `ffff` up, but for all ones.
fn has_kernel_address(text: &[u8]) -> bool {
    let runs = text.split(|byte| !byte.is_ascii_hexdigit());
    let mut runs = runs.filter(|run| run.len() == 16 && run.starts_with(b"ffff"));
    runs.any(|run| run.iter().any(|&digit| digit != b'f'))
}

#[test]
fn no_committed_bundle_tells_where_the_kernel_was() {
    assert!(has_kernel_address(b"Live 0xffffb3212b73f000\n") && !has_kernel_address(&[b'f'; 16]));
    for path in committed() {
        let file = fs::read(&path).unwrap();
        let reader = Reader::new(&file).unwrap();
        for frame in reader.frames() {
            let is_told = match AnyRecord::decode(&reader, frame).unwrap() {
                AnyRecord::Snapshot(snapshot) => snapshot.without_secrets().is_some(),
                // Packed columns have such bytes by chance; a text is not among them.
                AnyRecord::FtracePages(_) => false,
                _ => has_kernel_address(&reader.payload(frame).unwrap()),
            };
            assert!(!is_told, "{} at byte {}", path.display(), frame.offset);
        }
    }
}

/// Words of the recorder's own texts that are names in a path of the test data too.
const HOMONYMS: [&str; 2] = ["bundle", "second"];

/// Of real bundles: every string that was replaced is gone, as a whole word.
#[test]
fn no_original_is_left_in_a_committed_bundle() {
    // Words of texts of which nothing is known are replaced there; the kernel's own files may hold them too.
    let is_name = |kind| !matches!(kind, Kind::Word | Kind::LogText);
    for entry in committed() {
        let file = fs::read(&entry).unwrap();
        let reader = Reader::new(&file).unwrap();
        let frames = reader.frames().iter();
        let records = frames
            .map(|frame| AnyRecord::decode(&reader, frame).unwrap())
            .collect();
        let (after, redactor) = redacted(9, records);
        let after = payloads(&after);
        let mut words: Vec<&[u8]> = after
            .split(|byte| !byte.is_ascii_alphanumeric() && !b"-._:".contains(byte))
            .collect();
        words.sort_unstable();
        words.dedup();
        let left = redactor.originals().filter(|(kind, original)| {
            original.len() > 3
                && is_name(*kind)
                && words.binary_search(original).is_ok()
                && !HOMONYMS.iter().any(|word| word.as_bytes() == *original)
        });
        let left: Vec<_> = left
            .map(|(kind, original)| (kind, String::from_utf8_lossy(original)))
            .collect();
        assert!(left.is_empty(), "{}: {left:?}", entry.display());
    }
}

/// A name in every place of a host that has one, as the kernel writes it.
const PLACES: [(&str, &str, &[&str]); 17] = [
    (
        "/proc/77/mountinfo",
        "36 35 0:9 / /mnt rw - cifs //filer7/share9 rw,vers=3.1.1,username=bobsmith,domain=CORPNET,addr=203.0.113.7,unc=\\\\filer7\\share9,password=482913\n",
        &[
            "filer7",
            "share9",
            "bobsmith",
            "CORPNET",
            "203.0.113.7",
            "482913",
        ],
    ),
    (
        "/proc/self/mountinfo",
        "37 35 0:9 / /mnt rw - ceph 198.51.100.1:6789,198.51.100.2:6789:/volumes9 rw,name=clientx,secret=QUJD\n\
         38 35 252:0 / /data9 rw shared:7 - ext4 /dev/vg9/lv9 rw,vendoropt=zulu,data=ordered\n\
         39 35 252:1 / /data8 rw - xfs /dev/mapper/vgacme-lvacme rw\n",
        &[
            "198.51.100.1",
            "198.51.100.2",
            "volumes9",
            "clientx",
            "QUJD",
            "vg9",
            "lv9",
            "data9",
            "zulu",
            "vendoropt",
            "vgacme",
            "lvacme",
        ],
    ),
    (
        "/proc/version",
        "Linux version 6.1.9-acmeco (builder7@buildhost9) (gcc 12) #1 SMP\n",
        &["acmeco", "builder7", "buildhost9"],
    ),
    (
        "/proc/net/dev",
        "Inter-|   Receive\n face |bytes\ncorpvpn0: 1 2 3\n    lo: 1 2 3\n",
        &["corpvpn0"],
    ),
    (
        "/proc/net/route",
        "Iface\tDestination\tGateway\ncorpvpn0\t4D7100CB\t00000000\t0001\t0\t0\t0\t00FFFFFF\n",
        &["corpvpn0", "4D7100CB"],
    ),
    (
        "/proc/net/if_inet6",
        "20010db8007700000000000000000019 02 40 00 80 corpvpn0\n",
        &["corpvpn0", "20010db80077"],
    ),
    (
        "/proc/sys/net/ipv4/conf/corpvpn0/forwarding",
        "1\n",
        &["corpvpn0"],
    ),
    (
        "/proc/sys/kernel/core_pattern",
        "|/usr/share/acmecrash/report %p --site=blue7\n",
        &["acmecrash", "blue7"],
    ),
    ("/proc/sys/kernel/domainname", "corpnis\n", &["corpnis"]),
    (
        "/proc/modules",
        "acmedrv 16384 1 acmecore, Live 0x0000000000000000 (OE)\n",
        &["acmedrv", "acmecore"],
    ),
    ("/proc/misc", "57 acmesensor\n", &["acmesensor"]),
    (
        "/proc/77/cgroup",
        "0::/acme.slice/shop-7f.scope\n",
        &["acme", "shop"],
    ),
    (
        "/proc/cmdline",
        "root=/dev/mapper/vgacme-root acme.license=KEY-77 quiet\n",
        &["vgacme", "acme", "license"],
    ),
    (
        "etz:proc/77/fd",
        "kind count\n/dev/acmesensor 3\n",
        &["acmesensor"],
    ),
    (
        "etz:paths",
        "pid mode uid gid device inode mount attributes xattrs size_bytes path\n7 40755 0 0 254:0 2 27 - user.acmetag 4096 /usr/share/acmevendor/x\n",
        &["acmetag", "acmevendor"],
    ),
    (
        "etz:kmsg",
        "time_us level text\n\
         1 4 ledgerd invoked oom-killer: gfp_mask=0xcc0(GFP_KERNEL), order=0, oom_score_adj=0\n\
         2 6 [   1234]     0  1234     5000     100    40960        0             0 ledgerd\n\
         3 3 Out of memory: Killed process 1234 (ledgerd) total-vm:5000kB, anon-rss:100kB, file-rss:0kB\n\
         4 6 ledgerd[1234]: segfault at 0 ip 00007f sp 00007f error 4 in libacme.so[7f+1000]\n\
         5 4 acme-drop: IN=corpvpn0 OUT= MAC=52:54:00:ab:cd:ef:52:54:00:ab:cd:01:08:00 SRC=203.0.113.7 DST=198.51.100.1 LEN=60\n\
         6 6 scsi host7: iSCSI Initiator iqn.2004-01.example.acme:target9\n\
         7 4 nfs: server filer7 not responding, still trying\n\
         8 5 usb 1-1: SerialNumber: SN4711ACME\n\
         9 5 audit: type=1400 audit(1.2:3): avc:  denied  { read } for  pid=7 comm=\"ledgerd\" name=\"payroll\" scontext=acme_u:acme_r:acme_t:s0 tclass=file permissive=0\n\
         10 6 Linux version 6.1.9 (builder7@buildhost9) (gcc 12)\n",
        &[
            "ledgerd",
            "libacme",
            "acme",
            "corpvpn0",
            "52:54:00:ab:cd:ef",
            "203.0.113.7",
            "198.51.100.1",
            "target9",
            "filer7",
            "SN4711",
            "payroll",
            "builder7",
            "buildhost9",
        ],
    ),
    (
        "/proc/keys",
        "0142479f I------     2 perm 000d0000     0     0 user      acme-key7: 255\n",
        &["acme"],
    ),
];

#[test]
fn no_place_keeps_its_names() {
    let entries: Vec<Entry> = PLACES
        .iter()
        .map(|(path, text, _)| file(path, text))
        .collect();
    let snapshot = Snapshot {
        number: 0,
        phase: Phase::End,
        started_ns: 0,
        ended_ns: 0,
        entries,
    };
    let (after, _) = redacted(5, vec![AnyRecord::Snapshot(snapshot)]);
    let AnyRecord::Snapshot(after) = &after[0] else {
        unreachable!()
    };
    for (entry, (path, _, secrets)) in after.entries.iter().zip(PLACES) {
        let Content::File { bytes, .. } = &entry.content else {
            unreachable!()
        };
        for secret in secrets {
            let told = String::from_utf8_lossy(bytes);
            assert!(!holds(bytes, secret), "{secret} is left in {path}:\n{told}");
            assert!(!holds(&entry.path, secret), "{secret} is left in the path");
        }
    }
    let all: Vec<u8> = after
        .entries
        .iter()
        .flat_map(|entry| match &entry.content {
            Content::File { bytes, .. } => bytes.clone(),
            _ => Vec::new(),
        })
        .collect();
    // What rules and views look for.
    for kept in [
        "vers=3.1.1",
        "data=ordered",
        "invoked oom-killer",
        "Killed process 1234 (",
        "avc:  denied  { read }",
        "lo: 1 2 3",
        "Live ",
    ] {
        let told = String::from_utf8_lossy(&all);
        assert!(holds(&all, kept), "{kept} is gone:\n{told}");
    }
}

#[test]
fn passwords_are_never_recorded() {
    let mount = Failure {
        paths: vec![PathArgument {
            argument: 4,
            bytes: b"username=bob,password=482913,vers=3".into(),
            truncated: false,
        }],
        ..Failure::default()
    };
    let failures = Failures { rows: vec![mount] };
    let hidden = failures.without_secrets().unwrap();
    assert_eq!(
        hidden.rows[0].paths[0].bytes,
        b"username=bob,password=***,vers=3"
    );
    assert_eq!(hidden.without_secrets(), None);
}

#[test]
fn of_a_recorded_command_nothing_is_known() {
    let mut runner = proptest::test_runner::TestRunner::deterministic();
    let mut manifest: Manifest = support::sample(&mut runner);
    manifest.command_line = [
        "capture",
        "--for",
        "60s",
        "--comm=acmed",
        "-o",
        "acme.etz",
        "--",
        "acmectl",
        "--acmeflag",
        "-pACME7",
        "ACMEKEY=blue7",
        "--for",
    ]
    .map(Into::into)
    .into();
    let (after, _) = redacted(5, vec![AnyRecord::Manifest(manifest)]);
    let AnyRecord::Manifest(after) = &after[0] else {
        unreachable!()
    };
    let line = after.command_line.join(" ");
    for secret in ["acme", "blue7"] {
        assert!(!holds(line.as_bytes(), secret), "{line}");
    }
    assert!(line.starts_with("capture --for 60s --comm="), "{line}");
}

#[test]
fn an_address_is_hidden_in_any_name() {
    let path = |text: &str| PathArgument {
        argument: 0,
        bytes: text.into(),
        truncated: false,
    };
    let paths = [
        "203.0.113.77:6789,198.51.100.23:6789:/",
        "/srv/203.0.113.77/data",
        "/srv/203.0.113.77:6789,198.51.100.23:6789:/x",
        "/srv/52:54:00:ab:cd:ef",
        "/run/ip-203-0-113-77/x",
        "node_203_0_113_77",
        "//203.0.113.77/share",
        "2001:db8:77::19",
    ];
    let rows = paths.map(|text| Failure {
        paths: vec![path(text)],
        ..Failure::default()
    });
    let (after, _) = redacted(5, vec![AnyRecord::Failures(Failures { rows: rows.into() })]);
    let after = payloads(&after);
    for secret in [
        "203.0.113",
        "203-0-113",
        "203_0_113",
        "198.51.100",
        "2001:db8",
        "113.77",
        "54:00:ab",
    ] {
        let told = String::from_utf8_lossy(&after);
        assert!(!holds(&after, secret), "{secret} is left:\n{told}");
    }
}
