internal import ArgumentParser
internal import Foundation
internal import Operating
internal import Reading
internal import Stages
internal import Year

/// An act of the Department to preview, in the words of `accountability directive`.
struct PreviewedAct {
    /// The row with its header.
    let text: String

    /// - Throws: `ValidationError` if the words are not an act.
    init(_ words: String) throws {
        let arguments = try Self.split(words)
        let command: DirectiveCommand
        do {
            command = try DirectiveCommand.parse(arguments)
        } catch {
            throw ValidationError("--directive '\(words)': \(DirectiveCommand.message(for: error))")
        }
        guard !command.list else { throw ValidationError("--directive '\(words)' names no act") }
        text = try command.text(today: Today.text)
    }

    /// Words as a shell splits them: at blanks outside of quotation marks.
    static func split(_ text: String) throws -> [String] {
        var words: [String] = []
        var word: String?
        var quote: Character?
        for character in text {
            if let open = quote {
                if character == open { quote = nil } else { word?.append(character) }
            } else if character == "\"" || character == "'" {
                quote = character
                word = word ?? ""
            } else if character.isWhitespace {
                if let done = word { words.append(done) }
                word = nil
            } else {
                word = (word ?? "") + String(character)
            }
        }
        guard quote == nil else { throw ValidationError("--directive '\(text)': a quotation mark is not closed") }
        return words + [word].compactMap { $0 }
    }
}

/// Acts as files for a preview.
///
/// They are deleted when it ends.
struct PreviewedActs {
    let files: [InputFile]
    private let folder: URL?

    init(_ acts: [String]) throws {
        guard !acts.isEmpty else {
            (files, folder) = ([], nil)
            return
        }
        let folder = FileManager.default.temporaryDirectory.appendingPathComponent("preview-\(UUID().uuidString)")
        try FileManager.default.createDirectory(
            at: folder,
            withIntermediateDirectories: true,
            attributes: [.posixPermissions: 0o700]
        )
        self.folder = folder
        files = try acts.enumerated()
            .map { place, act in
                let file = folder.appendingPathComponent("directive-\(place + 1)")
                try Data(try PreviewedAct(act).text.utf8).write(to: file)
                return InputFile(path: file.path)
            }
    }

    func remove() {
        if let folder { try? FileManager.default.removeItem(at: folder) }
    }
}
