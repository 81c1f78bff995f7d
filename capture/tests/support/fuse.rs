//! A FUSE server that answers for a while and then never again, as one on a network that is gone.
//!
//! Layouts are those of `include/uapi/linux/fuse.h`, protocol 7.31.

use std::{
    fs::{File, OpenOptions},
    io::{Read, Write},
    os::fd::AsRawFd,
    path::Path,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    thread,
};

use rustix::mount::{MountFlags, mount};

/// Opcodes.
const LOOKUP: u32 = 1;
const FORGET: u32 = 2;
const GETATTR: u32 = 3;
const STATFS: u32 = 17;
const INIT: u32 = 26;
const BATCH_FORGET: u32 = 42;

const ENOSYS: i32 = 38;

/// How long the kernel may keep what it was told, in seconds.
const VALID: u64 = 3600;

/// Nodes: the root, and the one folder in it, whatever its name.
const ROOT: u64 = 1;
const FOLDER: u64 = 2;

/// A mounted server. Its connection ends with the process.
pub(crate) struct Server {
    answers: Arc<AtomicBool>,
    _device: File,
}

impl Server {
    /// Mounts one that answers at `point`.
    pub(crate) fn mount(point: &Path) -> Self {
        let device = OpenOptions::new().read(true).write(true).open("/dev/fuse");
        let device = device.unwrap();
        let options = format!(
            "fd={},rootmode=40000,user_id=0,group_id=0,allow_other",
            device.as_raw_fd()
        );
        let options = std::ffi::CString::new(options).unwrap();
        mount(
            "dead",
            point,
            "fuse.dead",
            MountFlags::empty(),
            options.as_c_str(),
        )
        .unwrap();
        let answers = Arc::new(AtomicBool::new(true));
        let (goes_on, mut ours) = (Arc::clone(&answers), device.try_clone().unwrap());
        thread::spawn(move || {
            let mut request = vec![0; 1 << 20];
            while let Ok(len) = ours.read(&mut request) {
                if goes_on.load(Ordering::SeqCst) {
                    answer(&mut ours, &request[..len]);
                }
            }
        });
        Self {
            answers,
            _device: device,
        }
    }

    /// From now on it does not answer.
    pub(crate) fn die(&self) {
        self.answers.store(false, Ordering::SeqCst);
    }
}

fn answer(device: &mut File, request: &[u8]) {
    let word = |at: usize| u32::from_le_bytes(request[at..at + 4].try_into().unwrap());
    let long = |at: usize| u64::from_le_bytes(request[at..at + 8].try_into().unwrap());
    // struct fuse_in_header: len, opcode, unique, nodeid, …
    let (opcode, unique, node) = (word(4), long(8), long(16));
    let body = match opcode {
        FORGET | BATCH_FORGET => return,
        INIT => words(&[7, 31, 0, 0, 0, 4096, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0]),
        STATFS => [
            longs(&[100, 50, 50, 100, 50]),
            words(&[4096, 255, 4096, 0]),
            words(&[0; 6]),
        ]
        .concat(),
        GETATTR => [longs(&[VALID, 0]), attributes(node)].concat(),
        LOOKUP => [
            longs(&[FOLDER, 0, VALID, VALID]),
            words(&[0, 0]),
            attributes(FOLDER),
        ]
        .concat(),
        _ => Vec::new(),
    };
    let error = if body.is_empty() { -ENOSYS } else { 0 };
    let len = u32::try_from(16 + body.len()).unwrap();
    let head = [words(&[len, error.cast_unsigned()]), longs(&[unique])].concat();
    let _ = device.write_all(&[head, body].concat());
}

/// struct fuse_attr of a folder.
fn attributes(inode: u64) -> Vec<u8> {
    assert!(inode == ROOT || inode == FOLDER);
    let times = [longs(&[inode, 0, 0, 0, 0, 0]), words(&[0, 0, 0])].concat();
    [times, words(&[0o40755, 2, 0, 0, 0, 4096, 0])].concat()
}

fn words(words: &[u32]) -> Vec<u8> {
    words.iter().flat_map(|word| word.to_le_bytes()).collect()
}

fn longs(longs: &[u64]) -> Vec<u8> {
    longs.iter().flat_map(|long| long.to_le_bytes()).collect()
}
