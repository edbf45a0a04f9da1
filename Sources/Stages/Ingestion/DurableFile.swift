public import Foundation

/// A file that is either complete or absent.
public enum DurableFile {
    /// Writes a draft that only its owner can read, forces it to the disk, and gives it its name.
    ///
    /// - Parameters:
    ///   - file: replaced where it exists.
    ///   - body: writes the content.
    /// - Throws: the errors of `body` or of the file system. The draft is removed then.
    public static func write(to file: URL, _ body: (FileHandle) throws -> Void) throws {
        let files = FileManager.default
        let draft = file.deletingLastPathComponent().appendingPathComponent(".\(file.lastPathComponent).draft")
        do {
            guard files.createFile(atPath: draft.path, contents: nil, attributes: [.posixPermissions: 0o600]) else {
                throw InboxError("\(draft.path) cannot be created: is the disk full, or is the folder not yours?")
            }
            let handle = try FileHandle(forWritingTo: draft)
            defer { try? handle.close() }
            try body(handle)
            try handle.synchronize()
            if files.fileExists(atPath: file.path) { try files.removeItem(at: file) }
            try files.moveItem(at: draft, to: file)
            // The name is on the disk when its folder is.
            let folder = try FileHandle(forReadingFrom: file.deletingLastPathComponent())
            defer { try? folder.close() }
            try folder.synchronize()
        } catch {
            try? files.removeItem(at: draft)
            throw error
        }
    }
}
