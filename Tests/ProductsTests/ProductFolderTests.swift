import Foundation
import Operating
import Testing

@testable import Products

/// A folder of products is there as a whole or not at all.
@Suite struct ProductFolderTests {
    private struct Fault: Error {}

    private let place = FileManager.default.temporaryDirectory.appendingPathComponent("products-\(UUID().uuidString)")

    private func files(_ texts: [String: String]) -> [ProductFile] {
        texts.sorted { $0.key < $1.key }.map { name, text in ProductFile(name) { text } }
    }

    private func written(_ path: String) throws -> [String: String] {
        var texts: [String: String] = [:]
        for name in try FileManager.default.subpathsOfDirectory(atPath: path) {
            let file = URL(fileURLWithPath: path).appendingPathComponent(name)
            if let text = try? String(contentsOf: file, encoding: .utf8) { texts[name] = text }
        }
        return texts
    }

    private func write(_ files: [ProductFile], _ path: String, replaces: Bool = false) throws {
        try ProductFolder(path, replaces: replaces).write(files) { _, _ in }
    }

    @Test func aFolderIsWrittenAndReplacedAsAWhole() throws {
        defer { try? FileManager.default.removeItem(at: place) }
        let out = place.appendingPathComponent("deep/out").path
        try write(files(["a.csv": "one", "pages/b.html": "two"]), out)
        let first = try written(out)
        #expect(first["a.csv"] == "one" && first["pages/b.html"] == "two")
        // SHA-256 of `one`.
        let digest = "7692c3ad3540bb803c020b3aee66cd8887123234ea0c6e7143c0add73ff431ed"
        #expect(first["SHA256SUMS"]?.hasPrefix("\(digest)  a.csv\n") == true)
        #expect(throws: Failure.self) { try write(files(["a.csv": "three"]), out) }
        #expect(try written(out) == first)
        try write(files(["a.csv": "three"]), out, replaces: true)
        // What is no product any more is gone.
        #expect(try written(out).keys.sorted() == ["SHA256SUMS", "a.csv"])
        #expect(try written(out)["a.csv"] == "three")
        #expect(
            try FileManager.default.contentsOfDirectory(atPath: place.appendingPathComponent("deep").path) == ["out"]
        )
    }

    @Test func nothingOfSomebodyElseIsLost() throws {
        defer { try? FileManager.default.removeItem(at: place) }
        let out = place.appendingPathComponent("out").path
        try write(files(["a.csv": "one"]), out)
        try Data("mine".utf8).write(to: URL(fileURLWithPath: out).appendingPathComponent("notes.txt"))
        let error = #expect(throws: Failure.self) { try write(files(["a.csv": "two"]), out, replaces: true) }
        #expect(error?.status == .badInput && error?.message.contains("notes.txt") == true)
        #expect(try written(out)["a.csv"] == "one" && written(out)["notes.txt"] == "mine")
        let file = URL(fileURLWithPath: out).appendingPathComponent("a.csv").path
        #expect(throws: Failure.self) { try write([], file) }
    }

    @Test func whatFailsLeavesWhatWasThere() throws {
        defer { try? FileManager.default.removeItem(at: place) }
        let out = place.appendingPathComponent("out").path
        try write(files(["a.csv": "one"]), out)
        let failing = files(["a.csv": "two"]) + [ProductFile("b.csv") { (_: String) throws in throw Fault() }]
        #expect(throws: Failure.self) { try write(failing, out, replaces: true) }
        #expect(try written(out)["a.csv"] == "one")
        #expect(try FileManager.default.contentsOfDirectory(atPath: place.path) == ["out"])
    }

    @Test func anEmptyFolderIsTaken() throws {
        defer { try? FileManager.default.removeItem(at: place) }
        try FileManager.default.createDirectory(at: place, withIntermediateDirectories: true)
        try write(files(["a.csv": "one"]), place.path)
        #expect(try written(place.path)["a.csv"] == "one")
    }
}
