//! System V objects (`ipc/shm.c`, `ipc/sem.c`, `ipc/msg.c`).

use super::Demand;
use crate::limits::call::{Call, Kind};

/// Pages of a segment.
pub(in crate::limits) fn shared_pages(call: &Call<'_>) -> Demand {
    match call.kind {
        Kind::Shmget { size, .. } => Demand::of(call.pages(size.max(1))),
        _ => Demand::Nothing,
    }
}

/// Bytes of a segment.
pub(in crate::limits) const fn segment(call: &Call<'_>) -> Demand {
    match call.kind {
        Kind::Shmget { size, .. } => Demand::of(size),
        _ => Demand::Nothing,
    }
}

/// A segment.
pub(in crate::limits) const fn segments(call: &Call<'_>) -> Demand {
    Demand::one_if(matches!(call.kind, Kind::Shmget { .. }))
}

/// A set of semaphores.
pub(in crate::limits) const fn sets(call: &Call<'_>) -> Demand {
    Demand::one_if(matches!(call.kind, Kind::Semget { .. }))
}

/// Semaphores of a set.
pub(in crate::limits) const fn semaphores(call: &Call<'_>) -> Demand {
    match call.kind {
        Kind::Semget { semaphores } => Demand::of(semaphores),
        _ => Demand::Nothing,
    }
}

/// Operations of one call.
pub(in crate::limits) const fn operations(call: &Call<'_>) -> Demand {
    match call.kind {
        Kind::Semop { operations } => Demand::of(operations),
        _ => Demand::Nothing,
    }
}

/// Bytes of a message.
pub(in crate::limits) const fn message(call: &Call<'_>) -> Demand {
    match call.kind {
        Kind::Msgsnd { size } => Demand::of(size),
        _ => Demand::Nothing,
    }
}

/// A queue of messages.
pub(in crate::limits) const fn queues(call: &Call<'_>) -> Demand {
    Demand::one_if(matches!(call.kind, Kind::Msgget))
}
