internal import Foundation
internal import Operating
internal import Rules
internal import Stages

/// A framework in a file.
enum FrameworkFile {
    /// The built-in frameworks.
    ///
    /// If a file is given, its framework replaces those of its years.
    static func set(with path: String?) throws -> FrameworkSet {
        guard let path else { return .builtIn }
        return FrameworkSet(drafts: [try load(path)])
    }

    /// The text of a framework's document.
    ///
    /// - Throws: `Failure` if it cannot be read.
    static func text(_ path: String) throws -> String {
        guard let data = FileManager.default.contents(atPath: path) else {
            throw Failure(.badInput, "the framework \(path) cannot be read: check its path")
        }
        let text = String(decoding: data, as: UTF8.self)
        // As another system may have written it: a byte-order mark, and lines that end with a carriage return too.
        return (text.hasPrefix("\u{FEFF}") ? String(text.dropFirst()) : text).replacing("\r\n", with: "\n")
    }

    /// The digest of a document on record, as an approval names it; empty if there is no document, or none that this
    /// version can read.
    static func digest(of document: String) -> String {
        guard !document.isEmpty, let framework = try? Framework.proposed(document) else { return "" }
        return "sha256:\(framework.digest)"
    }

    /// Reads a framework; it may be based on a built-in one.
    ///
    /// - Throws: `Failure` that names the parameter at fault.
    static func load(_ path: String) throws -> Framework {
        guard let data = FileManager.default.contents(atPath: path) else {
            throw Failure(.badInput, "the framework \(path) cannot be read; nothing was computed: check its path")
        }
        let bases = Dictionary(uniqueKeysWithValues: Framework.documents.map { ($0.name, $0.text) })
        do {
            return try Framework.load(
                file: URL(fileURLWithPath: path).lastPathComponent,
                text: String(decoding: data, as: UTF8.self),
                bases: bases
            )
        } catch {
            throw Failure(
                .badInput,
                "the framework \(path) is not valid: \(error); nothing was computed: correct it; `accountability framework show 2019` shows a complete one"
            )
        }
    }
}
