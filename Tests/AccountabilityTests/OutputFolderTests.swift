import Foundation
import Operating
import Testing

/// Results appear as a whole or not at all.
@Suite struct OutputFolderTests {
    private struct Fault: Error {}

    private let place = FileManager.default.temporaryDirectory.appendingPathComponent("output-\(UUID().uuidString)")
        .path

    private func names(_ path: String) -> [String] {
        (try? FileManager.default.contentsOfDirectory(atPath: path))?.sorted() ?? []
    }

    private func text(_ name: String) throws -> String { try String(contentsOfFile: name, encoding: .utf8) }

    @Test func aNewFolderAppearsWhenItIsComplete() throws {
        try FileManager.default.createDirectory(atPath: place, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(atPath: place) }
        let path = "\(place)/out"
        let folder = try OutputFolder(path)
        try folder.text("a.txt", "one")
        #expect(!FileManager.default.fileExists(atPath: path) && names(place) == [".out.partial"])
        try folder.table("b.csv", ["x"]) { write in try write(["1"]) }
        try folder.complete()
        #expect(names(place) == ["out"] && names(path) == ["a.txt", "b.csv"])
        #expect(try text("\(path)/b.csv") == "x\n1\n")
        // Nothing is a draft any more.
        folder.discard()
        #expect(names(path) == ["a.txt", "b.csv"])
    }

    @Test func whatFailsLeavesNothing() throws {
        try FileManager.default.createDirectory(atPath: place, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(atPath: place) }
        do {
            let folder = try OutputFolder("\(place)/out")
            defer { folder.discard() }
            try folder.text("a.txt", "one")
            #expect(throws: Fault.self) { try folder.table("b.csv", ["x"]) { _ in throw Fault() } }
        }
        #expect(names(place).isEmpty)
    }

    @Test func aFolderThatExistsKeepsItsFilesUntilAllAreComplete() throws {
        try FileManager.default.createDirectory(atPath: place, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(atPath: place) }
        for name in ["a.txt", "mine.txt"] { try Data("old".utf8).write(to: URL(fileURLWithPath: "\(place)/\(name)")) }
        // A draft that a killed program left.
        try FileManager.default.createDirectory(
            atPath: "\(place)/.\(URL(fileURLWithPath: place).lastPathComponent).partial/x",
            withIntermediateDirectories: true
        )
        let folder = try OutputFolder(place)
        try folder.text("a.txt", "new")
        #expect(try text("\(place)/a.txt") == "old")
        try folder.complete()
        #expect(names(place) == ["a.txt", "mine.txt"])
        #expect(try text("\(place)/a.txt") == "new" && text("\(place)/mine.txt") == "old")
    }

    /// A program may write many files by itself, and fail in the middle.
    @Test func filesWrittenTogetherAppearTogether() throws {
        try FileManager.default.createDirectory(atPath: place, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(atPath: place) }
        func write(_ isFaulty: Bool) throws {
            let folder = try OutputFolder("\(place)/out")
            defer { folder.discard() }
            let rows = try folder.files { drafts in
                for name in ["a.csv", "b.csv"] {
                    try Data("x".utf8).write(to: URL(fileURLWithPath: "\(drafts)/\(name)"))
                    if isFaulty { throw Fault() }
                }
                return (["a.csv", "b.csv"], 2)
            }
            #expect(rows == 2)
            try folder.complete()
        }
        #expect(throws: Fault.self) { try write(true) }
        #expect(names(place).isEmpty)
        try write(false)
        #expect(names("\(place)/out") == ["a.csv", "b.csv"])
        // Into the folder that exists now.
        #expect(throws: Fault.self) { try write(true) }
        try write(false)
        #expect(names("\(place)/out") == ["a.csv", "b.csv"])
    }

    @Test func aFileIsNoFolder() throws {
        defer { try? FileManager.default.removeItem(atPath: place) }
        try Data("file".utf8).write(to: URL(fileURLWithPath: place))
        let error = #expect(throws: Failure.self) { _ = try OutputFolder(place) }
        #expect(error?.status == .badInput && error?.message.contains("--out") == true)
        #expect(try text(place) == "file")
    }
}
