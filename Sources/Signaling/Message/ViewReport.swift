/// What a viewer's page saw and heard in the last seconds.
package struct ViewReport: Equatable, Sendable {
    package static let allowedSeconds = 1...60
    package static let allowedFrames = 0...100_000
    package static let allowedMS = 0...60_000
    package static let allowedPixels = 0...16_384

    package let seconds: Int
    /// New ones on the screen.
    package let frames: Int
    /// How long the picture stood still.
    package let frozenMS: Int
    /// How much of the sound the player made up.
    package let concealedMS: Int
    /// Of the picture as it came, in pixels.
    package let width: Int

    package init(seconds: Int, frames: Int, frozenMS: Int, concealedMS: Int, width: Int) {
        self.seconds = seconds
        self.frames = frames
        self.frozenMS = frozenMS
        self.concealedMS = concealedMS
        self.width = width
    }

    var isAllowed: Bool {
        Self.allowedSeconds.contains(seconds) && Self.allowedFrames.contains(frames)
            && Self.allowedMS.contains(frozenMS) && Self.allowedMS.contains(concealedMS)
            && Self.allowedPixels.contains(width)
    }
}

/// How large a viewer's page shows the picture: CSS pixels by the device's pixel ratio.
package struct ViewSize: Equatable, Sendable {
    package let width: Int
    package let height: Int

    package init(width: Int, height: Int) {
        self.width = width
        self.height = height
    }

    var isAllowed: Bool { ViewReport.allowedPixels.contains(width) && ViewReport.allowedPixels.contains(height) }
}
