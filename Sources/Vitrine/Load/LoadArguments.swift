import ArgumentParser

/// The options of `vitrine load` as they are written; nil where one was left out.
struct LoadArguments: ParsableArguments {
    @Option(help: "How many viewers; 0 only publishes. (default: 100)")
    var viewers: Int?

    @Option(help: "How many of them join in a second. (default: 50)")
    var ramp: Double?

    @Option(help: "How many seconds are measured, once all have joined. (default: 10)")
    var duration: Double?

    @Option(
        help: """
            What is published: synthetic, a file with VP8 or H.264 video, or none. (default: synthetic when there is \
            somewhere to publish)
            """
    )
    var publish: String?

    @Option(help: "Where to publish (WHIP, RFC 9725). (default: none)")
    var whip: String?

    @Option(help: "Where to view (WHEP). (default: none)")
    var whep: String?

    @Option(help: "A Vitrine server's URL: makes a livestream for the run, and deletes it afterwards. (default: none)")
    var create: String?

    @Option(help: "Janus's HTTP API, to use its videoroom: http://HOST:8088/janus. (default: none)")
    var janus: String?

    @Option(help: "The bearer token for all of them. (default: none)")
    var token: String?

    @Option(help: "The share of viewers that decrypt and check every packet. (default: 5%)")
    var verify: String?

    @Option(help: "The server's process, for its CPU and memory. (default: none)")
    var serverPid: Int?

    @Option(help: "The file for the report as JSON; - is standard output. (default: none)")
    var json: String?

    @Option(help: "How many threads receive. (default: 1)")
    var threads: Int?

    @Option(help: "The processor of the first thread; the next thread has the next one. (default: any)")
    var core: Int?

    @Flag(help: "Receives several datagrams at once (UDP_GRO): cheaper for both sides, but not as browsers do.")
    var gro = false

    @Flag(
        name: .customLong("no-feedback"),
        help: "Viewers don't say when packets came (transport-wide feedback), as browsers do ten times a second.")
    var noFeedback = false

    @Option(
        help:
            "The share of viewers behind links of their own, which --link describes. (default: 100% with --link, else none)"
    )
    var weak: String?

    @Option(
        help: """
            What such a link is like: rate=KBIT_PER_S,delay=MS (one way, 25),queue=MS (200),loss=PERCENT,burst=PACKETS,\
            jitter=MS, or trace=FILE with lines of "MS KBIT_PER_S". Given several times, the viewers take turns. \
            (default: none)
            """)
    var link: [String] = []

    @Option(help: "A JSON file with any of these options. (default: none)")
    var config: String?
}
