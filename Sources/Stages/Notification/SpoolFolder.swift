public import Foundation
public import Messages
import Rules

/// A folder with a file for every notice, for other programs to deliver.
///
/// A file is `<spool>/<year>/<district>/<year>-<org>-r<revision>.json`, with `-<event>` and its subject if it is not
/// about the determination itself. Notices for the Department are under the state's code, not the district's.
///
/// A file appears complete or not at all: it is written under another name, forced to the disk and renamed. Writing the
/// same notice again gives the same file, so a worker that crashed between writing and committing may repeat the write.
public struct SpoolFolder: Sendable, Hashable {
    /// Why a file could not be written.
    public struct Failure: Error, CustomStringConvertible {
        /// The file or folder.
        public let path: String
        /// What went wrong.
        public let cause: any Error

        /// Place and cause.
        public var description: String { "the notice \(path) could not be written: \(FileErrorText.words(cause))" }
    }

    /// The folder's path.
    public let path: String

    /// Notices may be under embargo: only their owner can read the files and folders.
    private static let fileMode = 0o600

    /// A folder; it is made when the first notice is written.
    public init(path: String) {
        self.path = path
    }

    /// A file to be written.
    public struct File: Sendable, Hashable {
        /// The place below the folder.
        public let name: String
        /// The content.
        public let content: Data

        /// A file.
        public init(name: String, content: Data) {
            self.name = name
            self.content = content
        }
    }

    /// The place of a notice below the folder: its identity without slashes, the number of a revision after an `r`.
    public static func name(of notice: Accountability_V1_Notice) -> String {
        let parts = notice.id.split(separator: "/").map { UInt32($0) == nil ? String($0) : "r\($0)" }.dropFirst(2)
        let name = (["\(notice.schoolYear)", notice.orgCode] + parts).joined(separator: "-")
        // Who takes a district's files away takes everything in its folder.
        let folder = notice.departmentOnly ? OrganizationCode.state.description : notice.districtCode
        return "\(notice.schoolYear)/\(plain(folder))/\(plain(name)).json"
    }

    /// A name that cannot lead to another folder, whatever a record contains.
    private static func plain(_ name: String) -> String {
        let letters = name.utf8.map { byte -> Character in
            let character = Character(UnicodeScalar(byte))
            return byte < 0x80 && (character.isLetter || character.isNumber || "-_.".contains(character))
                ? character : "_"
        }
        return letters.first == "." || letters.isEmpty ? "_" + String(letters.dropFirst()) : String(letters)
    }

    /// Writes the files and forces them to the disk, then the folders that hold them.
    ///
    /// - Throws: ``Failure`` with the first place that could not be written.
    public func write(_ files: [File]) throws {
        var folders: Set<String> = []
        for file in files {
            let target = URL(fileURLWithPath: path).appendingPathComponent(file.name)
            do {
                if try replace(target, with: file.content) { folders.insert(target.deletingLastPathComponent().path) }
            } catch {
                throw Failure(path: target.path, cause: error)
            }
        }
        for folder in folders {
            do {
                // A rename lasts once its folder is on the disk.
                if let handle = FileHandle(forReadingAtPath: folder) {
                    try handle.synchronize()
                    try handle.close()
                }
            } catch {
                throw Failure(path: folder, cause: error)
            }
        }
    }

    /// Puts a file in its place.
    ///
    /// Returns whether anything had to be written.
    private func replace(_ target: URL, with content: Data) throws -> Bool {
        let manager = FileManager.default
        if manager.fileExists(atPath: target.path) {
            guard manager.contents(atPath: target.path) != content else { return false }
            // Another content under the same name, after a withdrawal: Foundation renames over it. Should the machine
            // stop before the disk has it, the transaction was not committed either and the notice is written again.
            try content.write(to: target, options: .atomic)
            try manager.setAttributes([.posixPermissions: Self.fileMode], ofItemAtPath: target.path)
            let handle = try FileHandle(forUpdating: target)
            try handle.synchronize()
            try handle.close()
            return true
        }
        try manager.createDirectory(
            at: target.deletingLastPathComponent(),
            withIntermediateDirectories: true,
            attributes: [.posixPermissions: 0o700]
        )
        let temporary = target.appendingPathExtension("part")
        let attributes: [FileAttributeKey: Any] = [.posixPermissions: Self.fileMode]
        guard manager.createFile(atPath: temporary.path, contents: nil, attributes: attributes) else {
            throw CocoaError(.fileWriteUnknown, userInfo: [NSFilePathErrorKey: temporary.path])
        }
        let handle = try FileHandle(forWritingTo: temporary)
        try handle.write(contentsOf: content)
        try handle.synchronize()
        try handle.close()
        try manager.moveItem(at: temporary, to: target)
        return true
    }
}
