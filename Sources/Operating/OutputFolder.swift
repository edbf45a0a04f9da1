internal import Foundation
internal import Stages
internal import Tables

/// A folder that results are written into.
///
/// All files are drafts until ``complete()``. A folder that did not exist then appears as a whole. In a folder that
/// exists each file takes the place of its predecessor; other files stay.
package final class OutputFolder {
    /// Where the results will be.
    package let path: String
    private let drafts: DraftFolder
    private let isNew: Bool
    private var names: [String] = []

    /// Opens the folder; what is in it does not change yet.
    ///
    /// - Throws: ``Failure`` if it cannot be created.
    package init(_ path: String) throws {
        self.path = path
        let folder = URL(fileURLWithPath: path, isDirectory: true).standardizedFileURL.resolvingSymlinksInPath()
        isNew = !FileManager.default.fileExists(atPath: folder.path)
        let place = isNew ? folder.deletingLastPathComponent() : folder
        do {
            drafts = try DraftFolder(place.appendingPathComponent(".\(folder.lastPathComponent).partial").path)
        } catch {
            throw Failure(
                .badInput,
                "\(path) cannot be created as a folder for the results; nothing was written: name another --out"
            )
        }
    }

    /// Writes a table.
    ///
    /// - Parameters:
    ///   - name: of the file.
    ///   - columns: its header.
    ///   - rows: writes the rows.
    /// - Throws: what the body throws, and `CSVError` if the file cannot be written.
    package func table(_ name: String, _ columns: [String], _ rows: (([String]) throws -> Void) throws -> Void) throws {
        try file(name) { draft in
            var writer = try CSVWriter(path: draft)
            try writer.writeRow(columns)
            try rows { try writer.writeRow($0) }
            try writer.close()
        }
    }

    /// Writes a text.
    ///
    /// - Throws: `CSVError` if it cannot be written.
    package func text(_ name: String, _ text: String) throws {
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
    /// - Parameters:
    ///   - name: of the file.
    ///   - write: writes the content to a path.
    /// - Throws: what the body throws.
    package func file(_ name: String, _ write: (_ draft: String) throws -> Void) throws {
        try write("\(drafts.path)/\(name)")
        names.append(name)
    }

    /// Writes several files at once.
    ///
    /// - Parameter write: writes them into a folder; returns their names, and what the caller needs of them.
    /// - Returns: the latter.
    /// - Throws: what the body throws.
    package func files<Content>(_ write: (_ folder: String) throws -> (names: [String], content: Content)) throws
        -> Content
    {
        let written = try write(drafts.path)
        names += written.names
        return written.content
    }

    /// Gives all files their places.
    ///
    /// - Throws: ``Failure`` if they cannot be moved there.
    package func complete() throws {
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
    package func discard() { drafts.discard() }

    /// Moves a file or a folder, in one step, to the place of another one.
    ///
    /// Foundation's calls do not replace: between their two steps neither file is there. C's call is unsafe because of
    /// its pointers, which live until it returns.
    private static func move(_ from: String, _ to: String) throws {
        guard unsafe rename(from, to) == 0 else { throw POSIXError(POSIXErrorCode(rawValue: errno) ?? .EIO) }
    }
}
