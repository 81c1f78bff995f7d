//! The command line.

mod values;

use std::{ffi::OsString, path::PathBuf, time::Duration};

use bytesize::ByteSize;
use clap::{Args, Parser, Subcommand};

/// Record why syscalls fail on this host, for `analyze` to explain.
///
/// Counts every failing syscall in the kernel, keeps the first failures of each kind whole, looks into the kernel
/// functions behind the suspicious ones, and notes the host's limits and their use. The file holds no environment,
/// no command lines and no file contents other than those of /proc and /sys.
#[derive(Debug, Parser)]
#[command(
    name = "capture",
    version,
    args_conflicts_with_subcommands = true,
    after_help = EXAMPLES,
    after_long_help = format!("{EXAMPLES}\n\n{EXIT_STATUS}"),
)]
pub(crate) struct Cli {
    #[command(subcommand)]
    pub(crate) action: Option<Action>,

    #[command(flatten)]
    pub(crate) record: Record,
}

/// Other things than recording.
#[derive(Debug, Clone, Subcommand)]
pub(crate) enum Action {
    /// Print what this host allows to record, and change nothing
    Check,
    /// Put tracing back that a killed recorder left armed
    Cleanup,
    /// Put tracing back when the recorder ends: it starts this itself
    #[command(hide = true)]
    Guard,
    /// Take snapshots for the recorder: it starts this itself
    #[command(hide = true)]
    Snapshots,
    /// Write man pages and shell completions into a folder, for packages
    #[cfg(feature = "manual")]
    #[command(hide = true)]
    Manual {
        /// The folder
        folder: PathBuf,
    },
}

/// A recording.
#[derive(Debug, Clone, Args)]
pub(crate) struct Record {
    /// File to write, `-` for standard output; in its name `%H` is the host, `%t` the time of its end, `%%` a percent sign
    ///
    /// It is for its owner alone. While it is written it is called FILE.partial, which can be analyzed too: so is what a
    /// killed recorder leaves. The output of a COMMAND goes to standard error when the bundle goes to standard output.
    #[arg(short, long, value_name = "FILE")]
    pub(crate) output: Option<PathBuf>,

    /// How long to record, for example 60s or 5m (60 is 60s); without it until the command ends, or until Ctrl-C
    #[arg(long = "for", value_name = "TIME", value_parser = values::time)]
    pub(crate) time: Option<Duration>,

    /// Keep and look into failures with this errno alone; may be given several times, also ENOSPC,EMFILE
    #[arg(long, value_name = "ERRNO", value_delimiter = ',', value_parser = values::errno)]
    pub(crate) errno: Vec<u16>,

    /// Keep and look into failures of this syscall alone; may be given several times
    #[arg(long, value_name = "SYSCALL", value_delimiter = ',', value_parser = values::syscall)]
    pub(crate) syscall: Vec<u32>,

    /// Keep and look into failures of this process alone; may be given several times
    #[arg(long, value_name = "PID", value_delimiter = ',', value_parser = values::pid)]
    pub(crate) pid: Vec<u32>,

    /// Keep and look into failures of threads with this name alone; may be given several times
    #[arg(long, value_name = "NAME", value_delimiter = ',', value_parser = values::comm)]
    pub(crate) comm: Vec<String>,

    /// Keep and look into failures in this control group and those below it alone; may be given several times
    #[arg(long, value_name = "PATH", value_delimiter = ',')]
    pub(crate) cgroup: Vec<PathBuf>,

    /// Keep and look into failures in this container alone: its name, the beginning of its id, or a pod's uid
    #[arg(long, value_name = "ID", value_delimiter = ',')]
    pub(crate) container: Vec<String>,

    /// Write no file, and exit with status 3 (unless there is a COMMAND), when nothing fails that was asked for or is worth a look
    #[arg(long)]
    pub(crate) only_failing: bool,

    /// Keep the failures of the last TIME in memory and write them when a trigger comes: --trigger, or SIGUSR1
    ///
    /// The recording goes on for 10 s after the trigger. Without one until the end no file is left, and the exit
    /// status is 3. Kernel functions are traced after the trigger alone; sentinels are armed from the start.
    #[arg(long, value_name = "TIME", value_parser = values::time)]
    pub(crate) flight_recorder: Option<Duration>,

    /// What the flight recorder waits for: ENOSPC, or mount:ENOSPC; may be given several times
    #[arg(long, value_name = "[SYSCALL:]ERRNO", value_delimiter = ',', value_parser = values::trigger, requires = "flight_recorder")]
    pub(crate) trigger: Vec<Trigger>,

    /// Trace kernel functions of failing syscalls: of the suspicious ones, never, or of this kernel function
    #[arg(long, value_name = "auto|never|FUNCTION", default_value = "auto", value_parser = values::graph)]
    pub(crate) graph: Graph,

    /// Longest time that a closer look at one kind of failure may slow the host's other programs down a little, arming aside; up to twice that for a seldom one
    #[arg(long, value_name = "TIME", default_value = "2s", value_parser = values::time)]
    pub(crate) graph_time: Duration,

    /// Largest size of the file
    #[arg(long, value_name = "SIZE", default_value = "64MiB", value_parser = values::size)]
    pub(crate) max_size: ByteSize,

    /// Most memory for failures that wait to be written: an eighth for the kernel's ring buffer, the rest for the
    /// flight recorder; the recorder needs 20 to 34 MiB besides
    #[arg(long, value_name = "SIZE", default_value = "8MiB", value_parser = values::size)]
    pub(crate) max_memory: ByteSize,

    /// Write pseudonyms for all that is not known to be public: names of host, users, containers, threads, files, addresses
    ///
    /// Names that every system has, kernel settings and numbers stay: `analyze` finds the same cause. Of the kernel's log
    /// only words stay that a rule looks for. The key of the pseudonyms is random and not kept.
    #[arg(long)]
    pub(crate) redact: bool,

    /// Replace FILE if it exists, when the recording is over and there is something to keep
    #[arg(long)]
    pub(crate) force: bool,

    /// Keep so many files of that name, which must have a time (%t) in it, and take the oldest away
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..))]
    pub(crate) keep: Option<u16>,

    /// Run COMMAND as this user, by name or number; without it as the user who called sudo
    #[arg(short, long, value_name = "USER", requires = "command")]
    pub(crate) user: Option<String>,

    /// End COMMAND (SIGTERM) when the recording ends before it does
    #[arg(long, requires = "command")]
    pub(crate) end_command: bool,

    /// Command to run; the recording ends with it, and with its exit status
    #[arg(last = true, value_name = "COMMAND")]
    pub(crate) command: Vec<OsString>,
}

/// A failure that the flight recorder waits for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Trigger {
    /// Syscall number; any when there is none.
    pub(crate) syscall: Option<u32>,
    /// errno.
    pub(crate) errno: u16,
}

/// When to trace kernel functions.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Graph {
    /// For failures that look worth it.
    Auto,
    /// Not at all.
    Never,
    /// For the same failures, but this function instead of the syscall's entry.
    Function(String),
}

const EXAMPLES: &str = "\
Examples:
  capture --for 60s -o incident.etz              record everything that fails for a minute
  capture -o incident.etz -- docker run alpine   record while a command runs
  capture --errno ENOSPC --for 5m -o full.etz    one errno only
  capture --container web --for 60s -o web.etz   one container only
  capture --flight-recorder 30s --trigger mount:ENOSPC -o incident.etz
                                                 wait for it, then write the last 30 s
  ssh host capture --for 30s -o - > incident.etz leave nothing on the host
  capture check                                  what this host allows

Then, on any machine: analyze incident.etz";

const EXIT_STATUS: &str = "\
Exit status:
  0  recorded
  1  could not record, or could not put something back; the reason is on standard error
  2  wrong usage
  3  nothing to keep: nothing failed (--only-failing), or no trigger came (--flight-recorder)

Exit status with -- COMMAND:
  that of COMMAND, or 128 and the number of the signal that killed it, whether there was something to keep or not;
  0 or 3, as above, when the recording ends before COMMAND does (--for, a signal, --max-size): COMMAND goes on,
     unless --end-command ends it
  125  capture's own failure, that of its usage too
  126  COMMAND cannot be executed
  127  there is no such COMMAND

What it does to the host:
  eBPF programs, which the kernel removes with the process; for seconds at most, function tracing of what fails,
  in a tracing instance of its own where the kernel has them. While it runs, /run/etz-capture lists what to put back;
  it is the only thing written besides FILE. A guard process puts everything back if capture is killed; if both are,
  the next capture does, or: capture cleanup";

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    use super::*;

    #[test]
    fn is_consistent() {
        Cli::command().debug_assert();
    }

    #[test]
    fn reads_a_command_behind_two_dashes() {
        let cli = Cli::try_parse_from(["capture", "-o", "x.etz", "--", "ls", "-l"]).unwrap();
        assert_eq!(cli.record.command, ["ls", "-l"]);
        assert!(cli.action.is_none());
    }

    #[test]
    fn a_trigger_needs_the_flight_recorder() {
        let with = [
            "capture",
            "-o",
            "x",
            "--flight-recorder",
            "30s",
            "--trigger",
            "mount:ENOSPC,EMFILE",
        ];
        let cli = Cli::try_parse_from(with).unwrap();
        assert_eq!(cli.record.trigger.len(), 2);
        assert_eq!(cli.record.trigger[0].errno, 28);
        assert!(cli.record.trigger[0].syscall.is_some());
        assert_eq!(
            cli.record.trigger[1],
            Trigger {
                syscall: None,
                errno: 24
            }
        );
        assert!(Cli::try_parse_from(["capture", "-o", "x", "--trigger", "ENOSPC"]).is_err());
    }

    #[test]
    fn says_what_a_wrong_name_may_mean() {
        let error = Cli::try_parse_from(["capture", "--errno", "ENOSPACE"]).unwrap_err();
        assert!(error.to_string().contains("did you mean ENOSPC"), "{error}");
        let error = Cli::try_parse_from(["capture", "--syscall", "mout"]).unwrap_err();
        assert!(error.to_string().contains("did you mean mount"), "{error}");
        assert_eq!(error.exit_code(), 2);
    }
}
