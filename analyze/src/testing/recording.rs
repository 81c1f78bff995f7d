//! A whole bundle, made up.

use format_spec::{
    Writer,
    record::{
        Architecture, Clocks, Closing, Content, Cost, Count, Counts, EndReason, Entry, Exit, Exits,
        FactDefinition, FactTable, FactUnit, Failure, Failures, Host, Manifest, PathArgument,
        Phase, Probe, ProbeKind, Probes, Snapshot, Symbols, Zoom,
    },
};

use super::{Kernel, pages};

/// What goes into the bundle.
#[derive(Debug)]
pub(crate) struct Recording {
    pub(crate) manifest: Option<Manifest>,
    pub(crate) kernel: Kernel,
    pub(crate) counts: Vec<Count>,
    pub(crate) facts: Vec<FactDefinition>,
    pub(crate) failures: Vec<Failure>,
    pub(crate) exits: Vec<Exit>,
    pub(crate) snapshots: Vec<Snapshot>,
    pub(crate) zooms: Vec<Zoom>,
    /// Events by session.
    pub(crate) sessions: Vec<(u32, Vec<crate::load::Event>)>,
    pub(crate) closing: Option<Closing>,
}

impl Recording {
    /// An arm64 host on which nothing has happened yet.
    pub(crate) fn new() -> Self {
        Self {
            manifest: Some(manifest()),
            kernel: Kernel::new(),
            counts: Vec::new(),
            facts: Vec::new(),
            failures: Vec::new(),
            exits: Vec::new(),
            snapshots: Vec::new(),
            zooms: Vec::new(),
            sessions: Vec::new(),
            closing: Some(closing()),
        }
    }

    /// One failure of that syscall and errno by `comm` at `time_ns`, counted and sampled.
    pub(crate) fn fail(
        &mut self,
        syscall: u32,
        errno: u16,
        comm: &str,
        time_ns: u64,
    ) -> &mut Failure {
        self.counts.push(Count {
            syscall,
            errno,
            tgid: 100,
            comm: comm.into(),
            count: 1,
            first_ns: time_ns,
            last_ns: time_ns,
            cgroup: 0,
            processes: 1,
        });
        self.failures.push(Failure {
            time_ns,
            syscall,
            errno,
            tgid: 100,
            pid: 100,
            comm: comm.into(),
            ..Failure::default()
        });
        let last = self.failures.len() - 1;
        &mut self.failures[last]
    }

    /// A fact of the last failure.
    pub(crate) fn fact(&mut self, name: &str, value: u64) {
        let known = self
            .facts
            .iter()
            .find(|fact| fact.name == name)
            .map(|fact| fact.id);
        let id = known.unwrap_or_else(|| {
            let id = u16::try_from(self.facts.len()).unwrap();
            let unit = FactUnit::Count;
            self.facts.push(FactDefinition {
                id,
                name: name.into(),
                unit,
                path: String::new(),
            });
            id
        });
        self.failures.last_mut().unwrap().facts.push((id, value));
    }

    /// A path argument of the last failure.
    pub(crate) fn path(&mut self, argument: u8, path: &str) {
        let path = PathArgument {
            argument,
            bytes: path.into(),
            truncated: false,
        };
        self.failures.last_mut().unwrap().paths.push(path);
    }

    /// The process of the last failure ends, with that wait status.
    pub(crate) fn exit(&mut self, time_ns: u64, status: i32) {
        let tgid = self.failures.last().unwrap().tgid;
        self.exits.push(Exit {
            time_ns,
            tgid,
            status,
        });
    }

    /// A snapshot of files.
    pub(crate) fn snapshot(&mut self, phase: Phase, time_ns: u64, files: &[(&str, &str)]) {
        let entry = |&(path, text): &(&str, &str)| Entry {
            path: path.into(),
            content: Content::File {
                bytes: text.into(),
                truncated: false,
            },
        };
        self.snapshots.push(Snapshot {
            number: u32::try_from(self.snapshots.len()).unwrap(),
            phase,
            started_ns: time_ns,
            ended_ns: time_ns,
            entries: files.iter().map(entry).collect(),
        });
    }

    /// Takes the events that the kernel has made since the last call as those of `session`.
    pub(crate) fn take_events(&mut self, session: u32) {
        let events = std::mem::take(&mut self.kernel.events);
        self.sessions.push((session, events));
    }

    /// The bundle.
    pub(crate) fn bytes(&self) -> Vec<u8> {
        let mut writer = Writer::new(Vec::new(), [7; 16], 1_700_000_000_000_000_000).unwrap();
        if let Some(manifest) = &self.manifest {
            writer.write(0, manifest).unwrap();
        }
        writer.write(0, &pages::formats()).unwrap();
        writer
            .write(
                0,
                &Symbols {
                    symbols: self.kernel.symbols(),
                },
            )
            .unwrap();
        writer
            .write(
                0,
                &FactTable {
                    facts: self.facts.clone(),
                },
            )
            .unwrap();
        let probes = self.sessions.iter().map(|&(session, _)| Probe {
            event: "etz/returned".into(),
            function: "any".into(),
            kind: ProbeKind::Kretprobe,
            session,
        });
        writer
            .write(
                0,
                &Probes {
                    probes: probes.collect(),
                },
            )
            .unwrap();
        for snapshot in &self.snapshots {
            writer.write(0, snapshot).unwrap();
        }
        writer
            .write(
                0,
                &Failures {
                    rows: self.failures.clone(),
                },
            )
            .unwrap();
        writer
            .write(
                0,
                &Exits {
                    rows: self.exits.clone(),
                },
            )
            .unwrap();
        for (session, events) in &self.sessions {
            for frame in pages::pages(*session, events) {
                writer.write(*session, &frame).unwrap();
            }
        }
        for zoom in &self.zooms {
            writer.write(0, zoom).unwrap();
        }
        writer
            .write(
                0,
                &Counts {
                    rows: self.counts.clone(),
                },
            )
            .unwrap();
        if let Some(closing) = &self.closing {
            writer.write(0, closing).unwrap();
        }
        writer.finish().unwrap()
    }

    /// The bundle, loaded.
    pub(crate) fn load(&self) -> crate::load::Bundle {
        crate::load::load(&self.bytes()).unwrap()
    }
}

fn manifest() -> Manifest {
    Manifest {
        tool_version: "0.1.0".into(),
        command_line: vec!["capture".into()],
        host: Host {
            hostname: "guest".into(),
            kernel_release: "6.12.0".into(),
            kernel_version: "#1 SMP".into(),
            os_release: "Debian".into(),
            architecture: Architecture::Aarch64,
            cpus: 2,
            page_size_bytes: 4096,
            memory_bytes: 1 << 30,
            boot_id: String::new(),
        },
        clocks: Clocks {
            realtime_ns: 1_700_000_000_000_000_000,
            monotonic_ns: 0,
            boottime_ns: 0,
        },
        duration_ns: Some(1_000_000_000),
        max_size_bytes: 1 << 20,
        abilities: Vec::new(),
        armed: Vec::new(),
        missing: Vec::new(),
    }
}

fn closing() -> Closing {
    Closing {
        ended_ns: 1_000_000_000,
        reason: EndReason::Time,
        command_status: None,
        cost: Cost::default(),
        drops: Vec::new(),
        not_restored: Vec::new(),
    }
}
