//! What is in a bundle, from what host, when, how large, what was dropped.

use std::{
    collections::BTreeMap,
    fmt,
    time::{Duration, SystemTime},
};

use format_spec::{
    Frame, Reader,
    record::{
        Closing, Count, CountUpdates, Counts, Drop, EndReason, Failures, Manifest, Missing, Record,
        Zoom,
    },
};
use serde::Serialize;

use super::{digest, name};
use crate::{
    failures::is_restart,
    load::CountRows,
    text::{bytes, plain},
};

/// What a bundle is.
#[derive(Debug, Serialize)]
pub struct Info {
    /// BLAKE3 digest of the whole file, in hex.
    pub blake3: String,
    /// Length, in bytes.
    pub len_bytes: usize,
    /// Format version.
    pub format: String,
    /// Random id of the bundle, in hex.
    pub id: String,
    /// Creation time, UTC.
    pub created: String,
    /// Who recorded what, where.
    pub manifest: Option<Manifest>,
    /// How long was recorded, nanoseconds.
    pub duration_ns: Option<u64>,
    /// Why the recording ended, what it cost, what could not be put back.
    pub closing: Option<Closing>,
    /// Failing calls counted in the kernel.
    pub failures: u64,
    /// Those of them that were recorded whole.
    pub failures_whole: usize,
    /// How return values were had, zoom by zoom.
    pub tiers: Vec<String>,
    /// What takes up the file, by type of record and stream.
    pub streams: Vec<StreamInfo>,
    /// What is missing or broken in the file's structure.
    pub damage: Vec<String>,
}

/// The frames of one type and stream.
#[derive(Debug, Serialize)]
pub struct StreamInfo {
    /// Type of record.
    pub record: String,
    /// Number of the frame type.
    pub frame_type: u16,
    /// Which one of several streams.
    pub stream: u32,
    /// Version and revision of the record, the highest.
    pub version: String,
    /// Number of frames.
    pub frames: usize,
    /// Bytes in the file, frame headers included.
    pub stored_bytes: usize,
    /// Bytes of payload, decompressed.
    pub raw_bytes: u64,
}

/// Reads what is in a bundle; what cannot be read is left out.
#[must_use]
pub fn info(file: &[u8], reader: &Reader<'_>) -> Info {
    let header = reader.header();
    let manifest: Option<Manifest> = records(reader).next();
    let closing: Option<Closing> = records(reader).last();
    let counts = counts(reader);
    let ended = closing.as_ref().map(|closing| closing.ended_ns);
    let started = manifest
        .as_ref()
        .map(|manifest| manifest.clocks.monotonic_ns);
    let mut zooms: Vec<Zoom> = records(reader).collect();
    zooms.sort_by_key(|zoom| zoom.number);
    let tier = |zoom: Zoom| format!("zoom {}: {}", zoom.number, zoom.tier);
    Info {
        blake3: digest(file),
        len_bytes: file.len(),
        format: format!("{}.{}", header.major, header.minor),
        id: header.id.iter().map(|byte| format!("{byte:02x}")).collect(),
        created: date(header.created_ns),
        duration_ns: ended
            .zip(started)
            .map(|(end, start)| end.saturating_sub(start)),
        manifest,
        closing,
        failures: counts
            .iter()
            .filter(|row| !is_restart(row.errno))
            .fold(0, |sum, row| row.count.saturating_add(sum)),
        failures_whole: records::<Failures>(reader)
            .map(|part| part.rows.len())
            .sum(),
        tiers: zooms.into_iter().map(tier).collect(),
        streams: streams(reader.frames()),
        damage: reader.damage().iter().map(ToString::to_string).collect(),
    }
}

/// The last counts, with what changed after them.
fn counts(reader: &Reader<'_>) -> Vec<Count> {
    let mut rows = CountRows::default();
    for frame in reader.frames() {
        match frame.header.frame_type {
            Counts::TYPE => {
                if let Ok(counts) = reader.decode(frame) {
                    rows.replace(counts);
                }
            }
            CountUpdates::TYPE => {
                if let Ok(updates) = reader.decode(frame) {
                    rows.update(updates);
                }
            }
            _ => {}
        }
    }
    rows.into_rows()
}

/// The records of one type that can be read.
fn records<'r, R: Record + 'r>(reader: &'r Reader<'_>) -> impl DoubleEndedIterator<Item = R> + 'r {
    let frames = reader.frames().iter();
    let frames = frames.filter(|frame| frame.header.frame_type == R::TYPE);
    frames.filter_map(|frame| reader.decode(frame).ok())
}

fn streams(frames: &[Frame]) -> Vec<StreamInfo> {
    let mut streams: BTreeMap<(u16, u32), StreamInfo> = BTreeMap::new();
    let mut versions = BTreeMap::new();
    for frame in frames {
        let header = &frame.header;
        let key = (header.frame_type, header.stream);
        let of = streams.entry(key).or_insert_with(|| StreamInfo {
            record: name(header.frame_type),
            frame_type: header.frame_type,
            stream: header.stream,
            version: String::new(),
            frames: 0,
            stored_bytes: 0,
            raw_bytes: 0,
        });
        of.frames += 1;
        of.stored_bytes += frame.len();
        of.raw_bytes += u64::from(header.raw_len);
        let version = (header.layout.version, header.layout.revision);
        let highest = versions.entry(key).or_insert(version);
        *highest = version.max(*highest);
        of.version = format!("{}.{}", highest.0, highest.1);
    }
    streams.into_values().collect()
}

fn date(ns: u64) -> String {
    let time = SystemTime::UNIX_EPOCH.checked_add(Duration::from_nanos(ns));
    time.map_or_else(String::new, |time| {
        humantime::format_rfc3339_seconds(time).to_string()
    })
}

impl fmt::Display for Info {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let line = |f: &mut fmt::Formatter<'_>, what: &str, text: &str| {
            writeln!(f, "{what:<10} {}", plain(text.as_bytes()))
        };
        line(f, "blake3", &self.blake3)?;
        line(
            f,
            "file",
            &format!(
                "{}, format {}, id {}",
                bytes(self.len_bytes as u64),
                self.format,
                self.id
            ),
        )?;
        match &self.manifest {
            Some(manifest) => {
                let host = &manifest.host;
                let kernel = &host.kernel_release;
                line(
                    f,
                    "host",
                    &format!(
                        "{}, {kernel}, {}, {} processors, {}",
                        host.hostname,
                        host.os_release,
                        host.cpus,
                        bytes(host.memory_bytes)
                    ),
                )?;
                line(
                    f,
                    "recorder",
                    &format!(
                        "capture {}: {}",
                        manifest.tool_version,
                        manifest.command_line.join(" ")
                    ),
                )?;
            }
            None => line(f, "host", "not known: the manifest is missing")?,
        }
        let length = self.duration_ns.map_or_else(String::new, |ns| {
            let whole = Duration::from_millis(ns / 1_000_000);
            format!(", {}", humantime::format_duration(whole))
        });
        let end = self.closing.as_ref().map_or(
            "no end: it was cut, or its recorder killed".to_owned(),
            |closing| ended(&closing.reason),
        );
        line(f, "recorded", &format!("{}{length}; {end}", self.created))?;
        line(
            f,
            "failures",
            &format!(
                "{} counted, {} of them whole",
                self.failures, self.failures_whole
            ),
        )?;
        for tier in &self.tiers {
            line(f, "returns", tier)?;
        }
        let missing = self.manifest.iter().flat_map(|manifest| &manifest.missing);
        for Missing { what, why } in missing {
            line(f, "missing", &format!("{what}: {why}"))?;
        }
        let dropped = self.closing.iter().flat_map(|closing| &closing.drops);
        for Drop { what, why, count } in dropped.filter(|drop| drop.count > 0) {
            line(f, "dropped", &format!("{count} {what}: {why}"))?;
        }
        for damage in &self.damage {
            line(f, "damage", damage)?;
        }
        writeln!(
            f,
            "\n{:<16}{:>7}{:>8}{:>8}{:>12}{:>12}",
            "record", "stream", "version", "frames", "bytes", "unpacked"
        )?;
        for stream in &self.streams {
            let StreamInfo {
                record,
                stream,
                version,
                frames,
                stored_bytes,
                raw_bytes,
                ..
            } = stream;
            writeln!(
                f,
                "{record:<16}{stream:>7}{version:>8}{frames:>8}{stored_bytes:>12}{raw_bytes:>12}"
            )?;
        }
        Ok(())
    }
}

fn ended(reason: &EndReason) -> String {
    match reason {
        EndReason::Time => "its time was over".to_owned(),
        EndReason::Command => "the command ended".to_owned(),
        EndReason::Signal(number) => format!("signal {number}"),
        EndReason::Size => "the file was full".to_owned(),
        EndReason::Error(words) => words.clone(),
    }
}
