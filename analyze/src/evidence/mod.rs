//! What the recording says about the state of the host at the failing moment, whatever the cause may be.

mod code_facts;
mod cpuset;
mod deleted;
mod folders;
mod hierarchy;
mod kernel_log;
mod membership;
mod mount_users;
mod mounts;
mod named_file;
mod place;
mod ports;
mod space;
mod sysctls;

pub use code_facts::{CodeFacts, Read};
pub use cpuset::cpuset_left_out;
pub use deleted::{DeletedFile, deleted_files};
pub use folders::absolute;
pub use hierarchy::hierarchy;
pub use kernel_log::{Message, kernel_log, kernel_log_of};
pub use membership::{cgroups_of, named_cgroup};
pub use mount_users::{MountUser, mount_users};
pub use mounts::{below_mount, mount_of_device, mount_of_path, mounts_of, mounts_seen_by};
pub use named_file::{Component, NamedFile, named_file};
pub use place::{How, Place, place, places};
pub use ports::{PortHolder, port, port_holders};
pub use space::{FileSystem, Space, file_system_of, file_systems};
pub use sysctls::{sysctl, sysctl_text};
