internal import Foundation
internal import Operating
internal import Stages
internal import Tables

/// A folder that results are written into.
///
/// All files are drafts until ``complete()``. A folder that did not exist then appears as a whole. In a folder that
/// exists each file takes the place of its predecessor; other files stay.
final class OutputFolder {
    let path: String
    private let drafts: DraftFolder
    private let isNew: Bool
    private var names: [String] = []

    /// Opens the folder; what is in it does not change yet.
    init(_ path: String) throws {
        self.path = path
        let folder = URL(fileURLWithPath: path, isDirectory: true).standardizedFileURL.resolvingSymlinksInPath()
        isNew = !FileManager.default.fileExists(atPath: folder.path)
        let place = isNew ? folder.deletingLastPathComponent() : folder
        do {
            drafts = try DraftFolder(place.appendingPathComponent(".\(folder.lastPathComponent).partial").path)
        } catch {
            throw Failure(
                .badInput,
                "\(path) cannot be created as a folder for the results; nothing was computed: name another --out"
            )
        }
    }

    /// Writes a table.
    func table(_ name: String, _ columns: [String], _ rows: (([String]) throws -> Void) throws -> Void) throws {
        try file(name) { draft in
            var writer = try CSVWriter(path: draft)
            try writer.writeRow(columns)
            try rows { try writer.writeRow($0) }
            try writer.close()
        }
    }

    /// Writes a text.
    func text(_ name: String, _ text: String) throws {
        try file(name) { draft in
            do {
                try Data(text.utf8).write(to: URL(fileURLWithPath: draft))
            } catch {
                throw CSVError(.inputOutput, "\(path)/\(name) cannot be written: \(FileErrorText.words(error))")
            }
        }
    }

    /// Writes a file.
    ///
    /// - `write`: writes the content to a path.
    func file(_ name: String, _ write: (_ draft: String) throws -> Void) throws {
        try write("\(drafts.path)/\(name)")
        names.append(name)
    }

    /// Gives all files their places.
    func complete() throws {
        do {
            try drafts.place {
                if isNew { return try Self.move(drafts.path, path) }
                for name in names { try Self.move("\(drafts.path)/\(name)", "\(path)/\(name)") }
            }
        } catch {
            discard()
            throw Failure(
                .tryAgain,
                "the results cannot be put into \(path) (\(FileErrorText.words(error))), so they are not complete: check that you may write there, "
                    + "and try again"
            )
        }
    }

    /// Removes the drafts.
    func discard() { drafts.discard() }

    /// Moves a file or a folder, in one step, to the place of another one.
    ///
    /// Foundation's calls do not replace: between their two steps neither file is there. C's call is unsafe because of
    /// its pointers, which live until it returns.
    private static func move(_ from: String, _ to: String) throws {
        guard unsafe rename(from, to) == 0 else { throw POSIXError(POSIXErrorCode(rawValue: errno) ?? .EIO) }
    }
}
