/// A table of a page.
struct TablePart {
    /// A cell: words, a link, or a drawing of our own.
    struct Cell {
        var text = ""
        var link: String?
        /// A shape before the words.
        var sign: String?
        /// Small words below.
        var note: String?
        /// Markup that this program made; never anything that came from outside.
        var drawing: String?
        var kind: String?

        init(_ text: String, link: String? = nil, sign: String? = nil, note: String? = nil, kind: String? = nil) {
            self.text = text
            self.link = link
            self.sign = sign
            self.note = note
            self.kind = kind
        }

        init(_ number: Int?) { self.init(number.map { Words.grouped($0) } ?? "–") }

        init(drawing: String) { self.drawing = drawing }

        init(_ outcome: Outcome, link: String? = nil) {
            self.init(outcome.title, link: link, sign: outcome.sign)
        }

        fileprivate func context(number: Bool, head: Bool) -> [String: Any] {
            var context: [String: Any] = ["text": text, "head": head]
            context["class"] = [number ? "n" : nil, kind].compactMap { $0 }.joined(separator: " ")
            // A name that is absent here would be looked for further out.
            context["link"] = link ?? false as Any
            context["sign"] = sign ?? false as Any
            context["note"] = note ?? false as Any
            context["drawing"] = drawing ?? false as Any
            return context
        }
    }

    /// How wide a table is.
    enum Shape: String {
        case wide = ""
        /// No wider than what is in it.
        case narrow
        /// Rows and columns of the same kind.
        case matrix
    }

    let caption: String
    let columns: [String]
    /// The columns of numbers.
    var numbers: Set<Int> = []
    var rows: [[Cell]] = []
    /// Said in place of rows where there are none.
    var empty = "Nothing to show."
    var note: String?
    var shape = Shape.wide

    var context: [String: Any] {
        var context: [String: Any] = [
            "caption": caption,
            "columns": columns.enumerated().map { ["name": $1, "number": numbers.contains($0)] as [String: Any] },
            "rows": rows.map { row in
                [
                    "cells": row.enumerated()
                        .map { index, cell in cell.context(number: numbers.contains(index), head: index == 0) }
                ]
            },
            "span": columns.count,
            "shape": shape.rawValue,
        ]
        context["empty"] = rows.isEmpty ? empty as Any : false
        context["remark"] = note ?? false as Any
        return context
    }
}
