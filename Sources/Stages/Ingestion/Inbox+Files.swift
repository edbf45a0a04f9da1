import Crypto
import Foundation
import Messages

/// The files of an inbox: where each lies, and how they are written.
extension Inbox {
    func sha256(_ path: String) throws -> String {
        let file = try FileHandle(forReadingFrom: URL(fileURLWithPath: path))
        defer { try? file.close() }
        var hash = SHA256()
        while let chunk = try file.read(upToCount: 1_048_576), !chunk.isEmpty { hash.update(data: chunk) }
        return Hexadecimal.text(Array(hash.finalize()))
    }

    func write(_ value: some Encodable, to file: URL) throws {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
        let bytes = try encoder.encode(value)
        try DurableFile.write(to: file) { try $0.write(contentsOf: bytes) }
    }

    func readTicket(_ id: String) -> Ticket? {
        guard Inbox.isIdentifier(id), let bytes = FileManager.default.contents(atPath: ticket(id).path),
            let read = try? JSONDecoder().decode(Ticket.self, from: bytes), read.id == id,
            read.claims?.contains("/") != true
        else { return nil }
        return read
    }

    static func milliseconds(_ moment: Date) -> Int64 {
        Int64((max(0, moment.timeIntervalSince1970) * 1_000).rounded(.down))
    }

    func names() throws -> [String] { try FileManager.default.contentsOfDirectory(atPath: directory.path) }

    func data(_ id: String) -> URL { directory.appendingPathComponent("\(id).data") }

    func ticket(_ id: String) -> URL { directory.appendingPathComponent("\(id).json") }

    func progressFile(_ id: String) -> URL { directory.appendingPathComponent("\(id).progress") }

    func archived(_ id: String) -> URL { archive.appendingPathComponent("\(id).json") }

    func exists(_ file: URL) -> Bool { FileManager.default.fileExists(atPath: file.path) }

    func receiptExists(_ id: String) -> Bool { exists(archived(id)) }

    func changed(_ file: URL) -> Date? {
        let attributes = try? FileManager.default.attributesOfItem(atPath: file.path)
        guard attributes?[.type] as? FileAttributeType == .typeRegular else { return nil }
        return attributes?[.modificationDate] as? Date
    }

    /// Whether a name can be a submission's, so that it can't lead out of the folder.
    static func isIdentifier(_ id: String) -> Bool {
        !id.isEmpty
            && id.utf8.allSatisfy { byte in
                (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte)
                    || (UInt8(ascii: "a")...UInt8(ascii: "z")).contains(byte)
                    || byte == UInt8(ascii: "T") || byte == UInt8(ascii: "Z") || byte == UInt8(ascii: "-")
            }
    }
}
