/// A drawing in SVG.
///
/// All inserted text is escaped.
package struct Drawing: Sendable {
    let width: Int
    let height: Int
    private let title: String
    private let about: String
    private let name: String
    private var elements = ""

    /// Creates a drawing of a given size, with a description for screen readers.
    ///
    /// - `name`: unique among the drawings of a page.
    package init(_ name: String, width: Int, height: Int, title: String, about: String) {
        self.name = name
        self.width = width
        self.height = height
        self.title = title
        self.about = about
    }

    package mutating func rectangle(_ x: Double, _ y: Double, _ width: Double, _ height: Double, _ kind: String) {
        elements +=
            "<rect class=\"\(kind)\" x=\"\(Self.number(x))\" y=\"\(Self.number(y))\" width=\"\(Self.number(width))\" height=\"\(Self.number(height))\"/>"
    }

    package mutating func line(_ x1: Double, _ y1: Double, _ x2: Double, _ y2: Double, _ kind: String) {
        elements +=
            "<line class=\"\(kind)\" x1=\"\(Self.number(x1))\" y1=\"\(Self.number(y1))\" x2=\"\(Self.number(x2))\" y2=\"\(Self.number(y2))\"/>"
    }

    package mutating func path(_ points: [(x: Double, y: Double)], _ kind: String) {
        let text = points.enumerated()
            .map { "\($0 == 0 ? "M" : "L")\(Self.number($1.x)) \(Self.number($1.y))" }.joined()
        elements += "<path class=\"\(kind)\" d=\"\(text)\"/>"
    }

    /// An area from the text of a path, with words that a pointer shows.
    mutating func area(_ path: String, _ kind: String, title: String) {
        elements += "<path class=\"\(kind)\" d=\"\(path)\"><title>\(MarkupText.escaped(title))</title></path>"
    }

    /// A round place, with words that a pointer shows.
    mutating func place(_ x: Double, _ y: Double, _ kind: String, title: String) {
        elements +=
            "<circle class=\"\(kind)\" cx=\"\(Self.number(x))\" cy=\"\(Self.number(y))\" r=\"4\"><title>\(MarkupText.escaped(title))</title></circle>"
    }

    /// A mark of a series: a circle, a square or a diamond, so that colour is not needed.
    package mutating func mark(_ series: Int, _ x: Double, _ y: Double, _ kind: String) {
        switch series {
        case 0:
            elements += "<circle class=\"\(kind)\" cx=\"\(Self.number(x))\" cy=\"\(Self.number(y))\" r=\"4\"/>"
        case 1: rectangle(x - 3.5, y - 3.5, 7, 7, kind)
        default:
            elements +=
                "<path class=\"\(kind)\" d=\"M\(Self.number(x)) \(Self.number(y - 5))l5 5l-5 5l-5 -5z\"/>"
        }
    }

    /// Words; `anchor` is start, middle or end.
    package mutating func words(
        _ text: String,
        _ x: Double,
        _ y: Double,
        anchor: String = "start",
        _ kind: String = "label"
    ) {
        elements +=
            "<text class=\"\(kind)\" x=\"\(Self.number(x))\" y=\"\(Self.number(y))\" text-anchor=\"\(anchor)\">\(MarkupText.escaped(text))</text>"
    }

    /// The drawing as markup for a page.
    package var markup: String {
        "<svg class=\"plot\" role=\"img\" aria-labelledby=\"\(name)-title \(name)-about\" viewBox=\"0 0 \(width) \(height)\" "
            + "xmlns=\"http://www.w3.org/2000/svg\"><title id=\"\(name)-title\">\(MarkupText.escaped(title))</title>"
            + "<desc id=\"\(name)-about\">\(MarkupText.escaped(about))</desc>\(elements)</svg>"
    }

    /// A small drawing that repeats the text next to it, so screen readers skip it.
    package var silentMarkup: String {
        "<svg class=\"spark\" aria-hidden=\"true\" focusable=\"false\" viewBox=\"0 0 \(width) \(height)\" width=\"\(width)\" height=\"\(height)\" "
            + "xmlns=\"http://www.w3.org/2000/svg\">\(elements)</svg>"
    }

    /// A place with at most one decimal.
    static func number(_ value: Double) -> String {
        let tenths = Int((value * 10).rounded())
        return tenths.isMultiple(of: 10)
            ? String(tenths / 10) : "\(tenths < 0 ? "-" : "")\(abs(tenths) / 10).\(abs(tenths) % 10)"
    }
}
