internal import Foundation
internal import Operating
internal import Stages

/// The rows of a file of corrections, to be submitted in new files.
struct CorrectionRows {
    let header: Substring
    let rows: [Substring]

    init(_ file: String) throws {
        let lines = try String(contentsOfFile: file, encoding: .utf8).split(separator: "\n")
        guard let header = lines.first, lines.count > 1 else { throw Failure(.badInput, "\(file) has no rows") }
        self.header = header
        rows = Array(lines.dropFirst())
    }

    /// Calls `body` with a folder for the files, which is deleted afterwards.
    func withFolder(_ body: (URL) throws -> Void) throws {
        let folder = FileManager.default.temporaryDirectory.appendingPathComponent("rows-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: folder) }
        try body(folder)
    }

    /// Writes a file of some rows, and submits it.
    func drop(_ rows: some Sequence<Substring>, as name: String, in folder: URL, _ inbox: Inbox) throws -> String {
        let path = folder.appendingPathComponent(name).path
        try "\(header)\n\(rows.joined(separator: "\n"))\n".write(toFile: path, atomically: false, encoding: .utf8)
        defer { try? FileManager.default.removeItem(atPath: path) }
        return try inbox.drop(file: path)
    }
}

/// Times in milliseconds, as Deploy/bench prints them.
struct Latencies {
    private let values: [Double]

    init(_ values: [Double]) { self.values = values.sorted() }

    /// The value below which a share of them lies; nil if there are none.
    private func percentile(_ share: Double) -> Double? {
        guard !values.isEmpty else { return nil }
        return values[min(values.count - 1, max(0, Int((Double(values.count) * share).rounded(.up)) - 1))].rounded()
    }

    /// As JSON.
    var json: String {
        func text(_ share: Double) -> String { percentile(share).map { String(format: "%.0f", $0) } ?? "null" }
        return "{\"p50\": \(text(0.5)), \"p95\": \(text(0.95)), \"p99\": \(text(0.99)), \"max\": \(text(1))}"
    }
}
