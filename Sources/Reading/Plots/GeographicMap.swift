internal import Foundation
package import Rules

/// The places and areas of organizations, from an operator's GeoJSON (RFC 7946), projected once for all drawings.
///
/// A map says where organizations are. What is drawn of them comes with each drawing.
package struct GeographicMap: Sendable {
    /// Why a file cannot be drawn.
    package struct Refusal: Error, CustomStringConvertible {
        package let description: String
    }

    /// An organization's place or area, in units of the drawing.
    struct Shape: Sendable {
        let code: OrganizationCode
        /// The path of an area; empty for a place.
        var path = ""
        var place: (x: Double, y: Double)?
    }

    /// In the order of the file: later ones are drawn above.
    let shapes: [Shape]
    let width: Int
    let height: Int

    /// The property that usually has an organization's code.
    package static let usualProperty = "org_code"
    /// The most points that are read.
    private static let mostPoints = 2_000_000

    /// The organizations that it can show.
    package var codes: Set<OrganizationCode> { Set(shapes.map(\.code)) }

    /// Reads a collection of features: areas as `Polygon` or `MultiPolygon`, places as `Point`.
    ///
    /// - Parameters:
    ///   - bytes: the file. Coordinates in degrees are drawn to the scale of the middle latitude; others as they are.
    ///   - property: the property of a feature that has its organization's code of eight digits. A feature without it
    ///     is left out.
    /// - Throws: ``Refusal``, which says what is wrong with which feature.
    package init(_ bytes: [UInt8], property: String = usualProperty) throws {
        let object: Any
        do {
            object = try JSONSerialization.jsonObject(with: Data(bytes))
        } catch {
            throw Refusal(description: "it is no JSON")
        }
        guard let collection = object as? [String: Any], collection["type"] as? String == "FeatureCollection",
            let features = collection["features"] as? [[String: Any]]
        else {
            throw Refusal(description: "it is no GeoJSON: the outermost object is no FeatureCollection with features")
        }
        var found: [(code: OrganizationCode, geometry: Geometry)] = []
        var points = 0
        for (number, feature) in features.enumerated() {
            guard let value = (feature["properties"] as? [String: Any])?[property] else { continue }
            guard let code = Self.code(value) else {
                throw Refusal(
                    description: "feature \(number + 1): its \(property) is no organization's code of eight digits"
                )
            }
            guard let geometry = Geometry(feature["geometry"]) else {
                throw Refusal(
                    description:
                        "feature \(number + 1), \(code): its geometry is no Polygon, MultiPolygon or Point with finite coordinates"
                )
            }
            points += geometry.count
            guard points <= Self.mostPoints else {
                throw Refusal(description: "it has more than \(Self.mostPoints) points: simplify its areas")
            }
            found.append((code, geometry))
        }
        guard let projection = Projection(found.map(\.geometry)) else {
            throw Refusal(description: "no feature has a property \(property) with an organization's code")
        }
        (width, height) = (Int(projection.width), Int(projection.height))
        shapes = found.map { code, geometry in
            switch geometry {
            case .place(let x, let y): Shape(code: code, place: projection.point(x, y))
            case .area(let rings): Shape(code: code, path: rings.map(projection.path).joined())
            }
        }
    }

    private static func code(_ value: Any) -> OrganizationCode? {
        if let text = value as? String { return OrganizationCode(text) }
        // Some programs write codes as numbers and lose the zeros in front.
        guard let number = value as? Int, (0..<100_000_000).contains(number) else { return nil }
        return OrganizationCode(String(repeating: "0", count: 8 - "\(number)".count) + "\(number)")
    }
}

/// The geometry of a feature.
private enum Geometry {
    typealias Ring = [(x: Double, y: Double)]

    case place(x: Double, y: Double)
    case area([Ring])

    init?(_ geometry: Any?) {
        guard let geometry = geometry as? [String: Any], let coordinates = geometry["coordinates"] else { return nil }
        switch geometry["type"] as? String {
        case "Point":
            guard let point = Self.point(coordinates) else { return nil }
            self = .place(x: point.x, y: point.y)
        case "Polygon":
            guard let rings = Self.rings(coordinates) else { return nil }
            self = .area(rings)
        case "MultiPolygon":
            guard let polygons = coordinates as? [Any] else { return nil }
            var all: [Ring] = []
            for polygon in polygons {
                guard let rings = Self.rings(polygon) else { return nil }
                all += rings
            }
            self = .area(all)
        default: return nil
        }
    }

    private static func rings(_ polygon: Any) -> [Ring]? {
        guard let rings = polygon as? [[Any]] else { return nil }
        var all: [Ring] = []
        for ring in rings {
            var points: Ring = []
            for coordinates in ring {
                guard let point = point(coordinates) else { return nil }
                points.append(point)
            }
            all.append(points)
        }
        return all
    }

    private static func point(_ coordinates: Any) -> (x: Double, y: Double)? {
        guard let numbers = coordinates as? [Double], numbers.count >= 2,
            numbers[0].isFinite, numbers[1].isFinite, abs(numbers[0]) < 1e9, abs(numbers[1]) < 1e9
        else { return nil }
        return (numbers[0], numbers[1])
    }

    var points: Ring {
        switch self {
        case .place(let x, let y): [(x, y)]
        case .area(let rings): rings.flatMap(\.self)
        }
    }

    var count: Int { points.count }
}

/// From a file's coordinates to those of a drawing.
private struct Projection {
    private static let drawnWidth = 660.0
    private static let margin = 10.0
    /// The tallest drawing, by its width.
    private static let tallest = 1.4
    /// Points that are nearer to each other are not drawn apart.
    private static let resolution = 0.5

    private let west: Double
    private let north: Double
    private let scaleX: Double
    private let scaleY: Double
    let width: Double
    let height: Double

    /// One that shows everything; nil of nothing.
    init?(_ geometries: [Geometry]) {
        let points = geometries.flatMap(\.points)
        guard let first = points.first else { return nil }
        var (west, east, south, north) = (first.x, first.x, first.y, first.y)
        for point in points {
            (west, east) = (min(west, point.x), max(east, point.x))
            (south, north) = (min(south, point.y), max(north, point.y))
        }
        let areDegrees = west >= -180 && east <= 180 && south >= -90 && north <= 90
        let narrowing = areDegrees ? max(cos((south + north) / 2 * .pi / 180), 0.01) : 1
        let spanX = max((east - west) * narrowing, 1e-9)
        let spanY = max(north - south, 1e-9)
        let inner = Self.drawnWidth - 2 * Self.margin
        let scale = min(inner / spanX, inner * Self.tallest / spanY)
        (self.west, self.north) = (west, north)
        (scaleX, scaleY) = (scale * narrowing, scale)
        width = (spanX * scale + 2 * Self.margin).rounded(.up)
        height = (spanY * scale + 2 * Self.margin).rounded(.up)
    }

    func point(_ x: Double, _ y: Double) -> (x: Double, y: Double) {
        (Self.margin + (x - west) * scaleX, Self.margin + (north - y) * scaleY)
    }

    /// A ring as a path of SVG, without the points that nobody would see.
    func path(_ ring: Geometry.Ring) -> String {
        var text = ""
        var last: (x: Double, y: Double)?
        for point in ring {
            let drawn = self.point(point.x, point.y)
            if let last, abs(drawn.x - last.x) < Self.resolution, abs(drawn.y - last.y) < Self.resolution { continue }
            text += "\(last == nil ? "M" : "L")\(Drawing.number(drawn.x)) \(Drawing.number(drawn.y))"
            last = drawn
        }
        return text.isEmpty ? "" : text + "Z"
    }
}
