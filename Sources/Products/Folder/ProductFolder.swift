internal import Crypto
internal import Foundation
internal import Operating
internal import Stages
internal import Streaming

/// A folder of products, which is complete or absent.
///
/// Everything is written to a draft folder, which is renamed at the end. The folder lists its files with their SHA-256.
/// So readers can check them, and a later run knows its own files.
package struct ProductFolder {
    private let folder: URL
    private let draft: String
    private let former: URL

    /// The list of files, as `sha256sum --check` reads it.
    package static let listName = "SHA256SUMS"

    /// A folder that may be written.
    ///
    /// - Parameters:
    ///   - path: of the folder.
    ///   - replaces: whether products that are there make room.
    /// - Throws: `Failure` if other files would be lost.
    package init(_ path: String, replaces: Bool) throws {
        folder = URL(fileURLWithPath: path, isDirectory: true).standardizedFileURL
        let parent = folder.deletingLastPathComponent()
        draft = parent.appendingPathComponent(".\(folder.lastPathComponent).partial").path
        former = parent.appendingPathComponent(".\(folder.lastPathComponent).former", isDirectory: true)
        guard FileManager.default.fileExists(atPath: folder.path) else { return }
        guard Self.isFolder(folder) else {
            throw Failure(.badInput, "--out \(path) is a file and no folder; nothing was written: name another")
        }
        let there = try Self.files(in: folder)
        guard !there.isEmpty else { return }
        let own = Self.listed(in: folder)
        guard let stranger = there.first(where: { !own.contains($0) }) else {
            guard replaces else {
                throw Failure(
                    .badInput,
                    "--out \(path) has products already; nothing was written: add --replace to put new ones in their place, or name another folder"
                )
            }
            return
        }
        throw Failure(
            .badInput,
            "--out \(path) is not empty, and \(stranger) in it is no product; nothing was written: name another folder"
        )
    }

    /// Writes files, and the list of them.
    ///
    /// - Throws: errors of writing; the folder then stays unchanged.
    package func write(_ files: [ProductFile], progress: (_ done: Int, _ name: String) -> Void) throws {
        let manager = FileManager.default
        do {
            let drafts = try DraftFolder(draft)
            defer { drafts.discard() }
            let root = URL(fileURLWithPath: draft, isDirectory: true)
            var list = ""
            for (index, file) in files.enumerated() {
                progress(index, file.name)
                let place = root.appendingPathComponent(file.name)
                try manager.createDirectory(at: place.deletingLastPathComponent(), withIntermediateDirectories: true)
                try file.write(to: place.path)
                let digest = SHA256.hash(data: try Data(contentsOf: place))
                list += "\(digest.hexadecimal)  \(file.name)\n"
            }
            try Data(list.utf8).write(to: root.appendingPathComponent(Self.listName))
            try drafts.place { try take() }
        } catch let failure as Failure {
            throw failure
        } catch {
            throw Failure(
                FileErrorText.isFull(error) ? .tryAgain : .configuration,
                "the products cannot be written to \(folder.path): \(FileErrorText.words(error)); the existing content was kept"
            )
        }
    }

    /// Replaces the existing folder by the draft.
    private func take() throws {
        let manager = FileManager.default
        try? manager.removeItem(at: former)
        let isThere = manager.fileExists(atPath: folder.path)
        if isThere { try manager.moveItem(at: folder, to: former) }
        do {
            try manager.moveItem(atPath: draft, toPath: folder.path)
        } catch {
            if isThere { try? manager.moveItem(at: former, to: folder) }
            throw error
        }
        try? manager.removeItem(at: former)
    }

    private static func files(in folder: URL) throws -> [String] {
        try FileManager.default.subpathsOfDirectory(atPath: folder.path).sorted()
            .filter { !isFolder(folder.appendingPathComponent($0)) }
    }

    private static func isFolder(_ place: URL) -> Bool {
        (try? place.resourceValues(forKeys: [.isDirectoryKey]))?.isDirectory ?? false
    }

    /// The files that the list of a folder names, and the list itself.
    private static func listed(in folder: URL) -> Set<String> {
        guard let text = try? String(contentsOf: folder.appendingPathComponent(listName), encoding: .utf8) else {
            return []
        }
        let names = text.split(separator: "\n")
            .compactMap { line in
                line.dropFirst(64).hasPrefix("  ") ? String(line.dropFirst(66)) : nil
            }
        return Set(names).union([listName])
    }
}
