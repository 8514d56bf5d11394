/// Why a run can't be made: one line for who started it.
package struct LoadFailure: Error, Equatable {
    package let reason: String

    package init(_ reason: String) { self.reason = reason }
}
