private import Glibc
package import Wire

/// The machine's clock that nobody sets.
package enum MonotonicClock {
    package static func now() -> MonotonicTime {
        var time = timespec()
        clock_gettime(CLOCK_MONOTONIC, &time)
        return MonotonicTime(nanoseconds: Int64(time.tv_sec) * 1_000_000_000 + Int64(time.tv_nsec))
    }

    /// How far the clock on the wall is ahead of it, in nanoseconds: the kernel dates datagrams by that one.
    package static func wallLead() -> Int64 {
        var wall = timespec()
        clock_gettime(CLOCK_REALTIME, &wall)
        return Int64(wall.tv_sec) * 1_000_000_000 + Int64(wall.tv_nsec) - now().nanoseconds
    }

    /// How long the calling thread has had a processor, in nanoseconds.
    package static func threadBusy() -> Int64 {
        var time = timespec()
        clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time)
        return Int64(time.tv_sec) * 1_000_000_000 + Int64(time.tv_nsec)
    }
}
