import Foundation
import FuzzTargets
import TestSupport
import Testing

@Suite("What the fuzzer has found worth keeping")
struct CorpusTests {
    @Test("is taken by everything that reads the network", arguments: FuzzTarget.allCases)
    func corpus(target: FuzzTarget) throws {
        let folder = try #require(Bundle.module.resourceURL).appending(path: "Corpus/\(target.rawValue)")
        let files = try FileManager.default.contentsOfDirectory(at: folder, includingPropertiesForKeys: nil)
        #expect(files.count > 3)
        for file in files { target.run(Array(try Data(contentsOf: file))) }
    }

    @Test("and so are 3,000 inputs made of it", arguments: FuzzTarget.allCases)
    func mutated(target: FuzzTarget) throws {
        var generator = SeededGenerator(seed: 31)
        let folder = try #require(Bundle.module.resourceURL).appending(path: "Corpus/\(target.rawValue)")
        let files = try FileManager.default.contentsOfDirectory(at: folder, includingPropertiesForKeys: nil)
        let seeds = try files.sorted { $0.path < $1.path }.map { Array(try Data(contentsOf: $0)) }
        for _ in 0..<3_000 {
            guard var bytes = seeds.randomElement(using: &generator) else { return }
            for _ in 0..<Int.random(in: 1...4, using: &generator) where !bytes.isEmpty {
                bytes[Int.random(in: 0..<bytes.count, using: &generator)] = UInt8.random(in: 0...255, using: &generator)
            }
            if Bool.random(using: &generator) {
                bytes = Array(bytes.prefix(Int.random(in: 0...bytes.count, using: &generator)))
            }
            target.run(bytes)
        }
    }
}
