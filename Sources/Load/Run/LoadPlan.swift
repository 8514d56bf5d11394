/// What a run is to be.
package struct LoadPlan: Sendable {
    /// Where the published stream comes from.
    package enum Publish: Sendable, Equatable {
        case none
        case synthetic
        case file(String)
    }

    package var viewers = 100
    /// Viewers a second.
    package var ramp = 50.0
    package var durationSeconds = 10.0
    package var publish = Publish.synthetic
    /// Of the viewers, from 0 to 1.
    package var verifyShare = 0.05
    package var serverProcess: Int32?
    package var threads = 1
    /// The processor of the first thread; those after it are the threads' after it.
    package var core: Int?
    package var joinsReceives = false
    /// Viewers say when packets came, ten times a second, as browsers do.
    package var givesFeedback = true

    package init() {}

    /// Spread evenly, so that they stand everywhere in the server's order of sending.
    package func verifies(_ number: Int) -> Bool {
        Int(Double(number + 1) * verifyShare + 1e-9) > Int(Double(number) * verifyShare + 1e-9)
    }
}
