/// A report: a heading, figures, and sections with plots and tables.
///
/// It says what a report contains. The products print it, and the console shows it.
package struct ReportDocument {
    /// A part of a section: a plot, a table, or both.
    package struct Part {
        package var subheading: String?
        /// Markup that this program made.
        package var plot: String?
        package var table: TablePart?

        /// A part.
        package init(subheading: String? = nil, plot: String? = nil, table: TablePart? = nil) {
            self.subheading = subheading
            self.plot = plot
            self.table = table
        }

        fileprivate var context: [String: Any] {
            // A name that is absent here would be looked for further out.
            [
                "subheading": subheading ?? false as Any, "plot": plot ?? false as Any,
                "plot_name": table?.caption ?? subheading ?? "",
                "table": table.map { $0.context as Any } ?? false,
            ]
        }
    }

    /// A section with its heading.
    package struct Section {
        package let heading: String
        package var words: [String]
        package var parts: [Part]

        /// A section.
        package init(heading: String, words: [String] = [], parts: [Part] = []) {
            self.heading = heading
            self.words = words
            self.parts = parts
        }
    }

    package let title: String
    /// The small line above the title.
    package let above: String
    package let lead: String
    /// The most important figures, by name.
    package let figures: [(name: String, figure: String)]
    package let sections: [Section]
    package let foot: String

    /// A report.
    package init(
        title: String,
        above: String = "",
        lead: String = "",
        figures: [(name: String, figure: String)] = [],
        sections: [Section] = [],
        foot: String
    ) {
        self.title = title
        self.above = above
        self.lead = lead
        self.figures = figures
        self.sections = sections
        self.foot = foot
    }

    /// The sections, as the templates read them; each has an anchor.
    package var sectionContexts: [[String: Any]] {
        sections.enumerated()
            .map { number, section in
                [
                    "anchor": "s-\(number + 1)", "heading": section.heading, "words": section.words,
                    "parts": section.parts.map(\.context),
                ]
            }
    }

    /// The figures, as the templates read them.
    package var figureContexts: [[String: Any]] { figures.map { ["name": $0.name, "figure": $0.figure] } }
}
