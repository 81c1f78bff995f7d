//! What recorder and child say to each other: messages of a kind, a length and so many bytes, numbers little-endian.

use std::{
    collections::BTreeSet,
    io::{self, Read, Write},
    time::Duration,
};

use format_spec::record::{Phase, Record, Snapshot};

use super::{Extent, Folder, Involved, NamedPath, UsedPort};

/// Longest message: a part of a snapshot is about 256 KiB and one file more.
const MAX_BYTES: usize = 32 << 20;

/// A snapshot that is asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Request {
    pub(super) number: u32,
    pub(super) phase: Phase,
    pub(super) extent: Extent,
    pub(super) time: Duration,
    pub(super) involved: Involved,
}

/// How a snapshot ended, and what all so far took.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Done {
    /// Things left out of this snapshot.
    pub(super) left_out: u64,
    /// The child's processor time so far, in nanoseconds.
    pub(super) user_ns: u64,
    /// Likewise in kernel mode.
    pub(super) system_ns: u64,
    /// The child's peak memory, in bytes.
    pub(super) peak_memory_bytes: u64,
    /// Where file systems are mounted that did not answer, in this and earlier snapshots.
    pub(super) silent: Vec<Vec<u8>>,
}

/// What the child says.
#[derive(Debug)]
pub(super) enum Answer {
    /// It goes on.
    Beat,
    /// A part of the snapshot.
    Part(Snapshot),
    /// The snapshot is done.
    Done(Done),
}

/// Kinds of messages.
const REQUEST: u8 = 0;
const BEAT: u8 = 1;
const PART: u8 = 2;
const DONE: u8 = 3;

impl Request {
    /// The message.
    pub(super) fn message(&self) -> Vec<u8> {
        let mut out = Fields::default();
        out.number(self.number.into());
        out.number(self.phase as u64);
        out.number(self.extent as u64);
        out.number(u64::try_from(self.time.as_nanos()).unwrap_or(u64::MAX));
        let Involved {
            tgids,
            cgroups,
            mount_namespaces,
            paths,
            ports,
        } = &self.involved;
        out.numbers(tgids.iter().map(|&tgid| tgid.into()));
        out.numbers(cgroups.iter().copied());
        out.numbers(mount_namespaces.iter().copied());
        out.number(paths.len() as u64);
        for path in paths {
            out.numbers(path.tgids.iter().map(|&tgid| tgid.into()));
            out.option(path.mount_namespace);
            out.number(path.folder.is_some().into());
            let folder = path.folder.unwrap_or_default();
            out.option(folder.descriptor.map(u64::from));
            out.option(folder.mount);
            out.option(folder.inode);
            out.number(path.busy.into());
            out.bytes(&path.path);
        }
        out.number(ports.len() as u64);
        for port in ports {
            out.numbers(port.tgids.iter().map(|&tgid| tgid.into()));
            out.option(port.net_namespace);
            out.number(port.port.into());
        }
        message(REQUEST, &out.0)
    }

    /// The next request; `None` when there will be no more, or it makes no sense.
    pub(super) fn read(from: &mut impl Read) -> Option<Self> {
        let (kind, bytes) = read(from).ok()?;
        (kind == REQUEST).then(|| Self::parse(&bytes))?
    }

    fn parse(bytes: &[u8]) -> Option<Self> {
        let mut all = Values(bytes);
        let number = all.small()?;
        let phase = match all.number()? {
            0 => Phase::Start,
            1 => Phase::Failure,
            _ => Phase::End,
        };
        let extent = match all.number()? {
            0 => Extent::Host,
            _ => Extent::Involved,
        };
        let time = Duration::from_nanos(all.number()?);
        let mut involved = Involved {
            tgids: all.small_ones()?.into_iter().collect(),
            cgroups: all.numbers()?.into_iter().collect(),
            mount_namespaces: all.numbers()?.into_iter().collect(),
            paths: BTreeSet::new(),
            ports: BTreeSet::new(),
        };
        for _ in 0..all.number()? {
            let tgids = all.small_ones()?;
            let mount_namespace = all.option()?;
            let has_folder = all.number()? != 0;
            let folder = Folder {
                descriptor: all.option()?.and_then(|number| u32::try_from(number).ok()),
                mount: all.option()?,
                inode: all.option()?,
            };
            involved.paths.insert(NamedPath {
                tgids,
                mount_namespace,
                folder: has_folder.then_some(folder),
                busy: all.number()? != 0,
                path: all.bytes()?.to_vec(),
            });
        }
        for _ in 0..all.number()? {
            involved.ports.insert(UsedPort {
                tgids: all.small_ones()?,
                net_namespace: all.option()?,
                port: u16::try_from(all.number()?).ok()?,
            });
        }
        Some(Self {
            number,
            phase,
            extent,
            time,
            involved,
        })
    }
}

impl Answer {
    /// Writes the message.
    ///
    /// # Errors
    /// That nobody reads any more; a part that is too large for a record is left out.
    pub(super) fn write(&self, to: &mut impl Write) -> io::Result<()> {
        let message = match self {
            Self::Beat => message(BEAT, &[]),
            Self::Part(part) => {
                let mut bytes = Vec::new();
                if part.encode(&mut bytes).is_err() {
                    return Ok(());
                }
                message(PART, &bytes)
            }
            Self::Done(done) => {
                let mut out = Fields::default();
                for number in [
                    done.left_out,
                    done.user_ns,
                    done.system_ns,
                    done.peak_memory_bytes,
                    done.silent.len() as u64,
                ] {
                    out.number(number);
                }
                for point in &done.silent {
                    out.bytes(point);
                }
                message(DONE, &out.0)
            }
        };
        to.write_all(&message)?;
        to.flush()
    }

    /// Reads the next one.
    ///
    /// # Errors
    /// The end, or what is no answer.
    pub(super) fn read(from: &mut impl Read) -> io::Result<Self> {
        let (kind, bytes) = read(from)?;
        let wrong = || io::Error::from(io::ErrorKind::InvalidData);
        match kind {
            BEAT => Ok(Self::Beat),
            PART => Snapshot::decode(&bytes, Snapshot::LAYOUT)
                .map(Self::Part)
                .map_err(|_| wrong()),
            DONE => done(&bytes).map(Self::Done).ok_or_else(wrong),
            _ => Err(wrong()),
        }
    }
}

fn done(bytes: &[u8]) -> Option<Done> {
    let mut all = Values(bytes);
    let mut done = Done {
        left_out: all.number()?,
        user_ns: all.number()?,
        system_ns: all.number()?,
        peak_memory_bytes: all.number()?,
        silent: Vec::new(),
    };
    for _ in 0..all.number()? {
        done.silent.push(all.bytes()?.to_vec());
    }
    Some(done)
}

fn message(kind: u8, bytes: &[u8]) -> Vec<u8> {
    let mut message = Vec::with_capacity(bytes.len() + 9);
    message.push(kind);
    message.extend((bytes.len() as u64).to_le_bytes());
    message.extend(bytes);
    message
}

fn read(from: &mut impl Read) -> io::Result<(u8, Vec<u8>)> {
    let (mut kind, mut len) = ([0], [0; 8]);
    from.read_exact(&mut kind)?;
    from.read_exact(&mut len)?;
    let len = usize::try_from(u64::from_le_bytes(len)).unwrap_or(usize::MAX);
    if len > MAX_BYTES {
        return Err(io::ErrorKind::InvalidData.into());
    }
    let mut bytes = vec![0; len];
    from.read_exact(&mut bytes)?;
    Ok((kind[0], bytes))
}

/// Numbers and strings one after the other.
#[derive(Debug, Default)]
struct Fields(Vec<u8>);

impl Fields {
    fn number(&mut self, number: u64) {
        self.0.extend(number.to_le_bytes());
    }

    fn option(&mut self, number: Option<u64>) {
        self.number(number.is_some().into());
        self.number(number.unwrap_or_default());
    }

    fn numbers(&mut self, numbers: impl ExactSizeIterator<Item = u64>) {
        self.number(numbers.len() as u64);
        numbers.for_each(|number| self.number(number));
    }

    fn bytes(&mut self, bytes: &[u8]) {
        self.number(bytes.len() as u64);
        self.0.extend(bytes);
    }
}

/// The same, read from the front.
struct Values<'a>(&'a [u8]);

impl<'a> Values<'a> {
    fn number(&mut self) -> Option<u64> {
        let (number, rest) = self.0.split_first_chunk()?;
        self.0 = rest;
        Some(u64::from_le_bytes(*number))
    }

    fn small(&mut self) -> Option<u32> {
        u32::try_from(self.number()?).ok()
    }

    fn option(&mut self) -> Option<Option<u64>> {
        let is_some = self.number()? != 0;
        let number = self.number()?;
        Some(is_some.then_some(number))
    }

    fn numbers(&mut self) -> Option<Vec<u64>> {
        (0..self.number()?).map(|_| self.number()).collect()
    }

    fn small_ones(&mut self) -> Option<Vec<u32>> {
        (0..self.number()?).map(|_| self.small()).collect()
    }

    fn bytes(&mut self) -> Option<&'a [u8]> {
        let len = usize::try_from(self.number()?).ok()?;
        let (bytes, rest) = self.0.split_at_checked(len)?;
        self.0 = rest;
        Some(bytes)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_request_arrives_as_it_was_sent() {
        let folder = Folder {
            descriptor: Some(7),
            mount: None,
            inode: Some(u64::MAX),
        };
        let path = |folder| NamedPath {
            tgids: vec![3, 4],
            mount_namespace: Some(5),
            folder,
            busy: true,
            path: b"a\0b".to_vec(),
        };
        let request = Request {
            number: 3,
            phase: Phase::Failure,
            extent: Extent::Involved,
            time: Duration::from_millis(1500),
            involved: Involved {
                tgids: [1, u32::MAX].into(),
                cgroups: [2].into(),
                mount_namespaces: BTreeSet::new(),
                paths: [path(None), path(Some(folder))].into(),
                ports: [UsedPort {
                    tgids: vec![9],
                    net_namespace: None,
                    port: 65535,
                }]
                .into(),
            },
        };
        let message = request.message();
        assert_eq!(Request::read(&mut &message[..]), Some(request));
        for len in 0..message.len() {
            assert_eq!(Request::read(&mut &message[..len]), None);
            let _ = Request::parse(&message[9..][..len.saturating_sub(9)]);
        }
    }

    #[test]
    fn an_answer_arrives_as_it_was_sent() {
        let sent = Done {
            left_out: 1,
            user_ns: 2,
            system_ns: 3,
            peak_memory_bytes: 4,
            silent: vec![b"/mnt".to_vec(), Vec::new()],
        };
        let mut bytes = Vec::new();
        Answer::Beat.write(&mut bytes).unwrap();
        Answer::Done(sent.clone()).write(&mut bytes).unwrap();
        let mut from = &bytes[..];
        assert!(matches!(Answer::read(&mut from).unwrap(), Answer::Beat));
        let Answer::Done(done) = Answer::read(&mut from).unwrap() else {
            panic!("not done");
        };
        assert_eq!(done, sent);
        assert!(Answer::read(&mut from).is_err());
        assert!(Answer::read(&mut &[PART, 255, 255, 255, 255, 255, 255, 255, 255][..]).is_err());
    }
}
