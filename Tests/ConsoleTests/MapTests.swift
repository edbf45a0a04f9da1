import Messages
import Rules
import Testing

@testable import Console
@testable import Reading

/// The operator's map on the pages of the state.
@Suite struct MapTests {
    private static let square = "[[[-71.0,42.0],[-70.0,42.0],[-70.0,43.0],[-71.0,43.0],[-71.0,42.0]]]"

    private func collection(_ features: [(code: String, geometry: String)], _ property: String = "org_code") -> [UInt8]
    {
        let texts = features.map {
            #"{"type":"Feature","properties":{"\#(property)":\#($0.code)},"geometry":\#($0.geometry)}"#
        }
        return Array(#"{"type":"FeatureCollection","features":[\#(texts.joined(separator: ","))]}"#.utf8)
    }

    private func polygon(_ coordinates: String) -> String { #"{"type":"Polygon","coordinates":\#(coordinates)}"# }

    @Test("Areas in degrees are drawn to the scale of their latitude, north above, with their holes")
    func projection() throws {
        let hole = "[[-70.6,42.4],[-70.4,42.4],[-70.4,42.6],[-70.6,42.6],[-70.6,42.4]]"
        let ring = String(Self.square.dropFirst().dropLast())
        let map = try GeographicMap(collection([("\"00010000\"", polygon("[\(ring),\(hole)]"))]))
        // A degree of longitude has cos 42.5° = 0.7373 of one of latitude.
        #expect(map.width == 660 && map.height == 889, "\(map.width) × \(map.height)")
        let path = try #require(map.shapes.first).path
        #expect(path.hasPrefix("M10 878.1L650 878.1L650 10L10 10") && path.count { $0 == "M" } == 2, "\(path)")
        let plane = try GeographicMap(
            collection([("\"00010000\"", polygon("[[[0,0],[2000,0],[2000,1000],[0,1000]]]"))])
        )
        #expect(plane.width == 660 && plane.height == 340)
    }

    @Test("Numbers are codes whose zeros were lost, and features without a code are left out")
    func codes() throws {
        let map = try GeographicMap(
            collection([
                ("10000", polygon(Self.square)), ("\"00020000\"", #"{"type":"Point","coordinates":[-70.5,42.5]}"#),
                ("\"00030000\"", #"{"type":"MultiPolygon","coordinates":[\#(Self.square),\#(Self.square)]}"#),
            ])
        )
        #expect(map.codes == Set(["00010000", "00020000", "00030000"].compactMap { OrganizationCode($0) }))
        let named = try GeographicMap(
            collection([("\"00010000\"", polygon(Self.square))], "ORG8CODE"),
            property: "ORG8CODE"
        )
        #expect(named.codes.count == 1)
    }

    @Test(
        "What cannot be drawn is said with its feature",
        arguments: [
            ("[", "no JSON"), ("[]", "no FeatureCollection"),
            (#"{"type":"FeatureCollection","features":[]}"#, "no feature"),
            (#"{"type":"FeatureCollection","features":[{"properties":{"org_code":"1"}}]}"#, "feature 1: its org_code"),
            (#"{"type":"FeatureCollection","features":[{"properties":{"org_code":-1}}]}"#, "feature 1: its org_code"),
            (
                #"{"type":"FeatureCollection","features":[{"properties":{"org_code":"00010000"},"geometry":{"type":"Polygon","coordinates":[[[1e99,2]]]}}]}"#,
                "feature 1, 00010000: its geometry"
            ),
            (
                #"{"type":"FeatureCollection","features":[{"properties":{"org_code":"00010000"},"geometry":null}]}"#,
                "feature 1, 00010000: its geometry"
            ),
        ]
    )
    func refusals(text: String, reason: String) {
        let refusal = #expect(throws: GeographicMap.Refusal.self) { try GeographicMap(Array(text.utf8)) }
        #expect(refusal?.description.contains(reason) == true, "\(refusal?.description ?? "")")
    }

    @Test("One point is drawn, too")
    func onePoint() throws {
        let map = try GeographicMap(collection([("\"00010000\"", #"{"type":"Point","coordinates":[-70.5,42.5]}"#)]))
        #expect(map.width > 0 && map.height > 0 && map.shapes[0].place?.x == 10)
    }

    @Test("The page of the state draws the organizations of its kind, and says the same as a table")
    func page() throws {
        let map = try GeographicMap(
            collection([
                ("\"00010000\"", polygon(Self.square)),
                ("\"\(ExampleTables.school)\"", #"{"type":"Point","coordinates":[-70.5,42.5]}"#),
                ("\"00099999\"", #"{"type":"Point","coordinates":[-70.6,42.5]}"#),
            ])
        )
        let console = Console(life: "test", map: map)
        let tables = try AccessExample.tables()
        func get(_ target: String, _ frame: PageFrame = .machine) -> String {
            console.respond(to: ConsoleRequest(target), tables, in: frame).text
        }
        let schools = get("/years/2019/state")
        #expect(schools.contains("<circle class=\"region m4\"") && schools.contains("The map as a table"))
        #expect(schools.contains("alert(&#39;x&#39;)&lt;/script&gt; &amp; &quot;School&quot;: "), "names are escaped")
        #expect(!schools.contains("<script>alert"))
        #expect(schools.contains("<path class=\"region none\""), "a district is an outline among schools")
        #expect(schools.contains("<title>00010000</title>"), "nothing is said of its determination")
        let districts = get("/years/2019/state?type=district")
        #expect(districts.contains("<path class=\"region m1\"") && districts.contains("Example District: "))
        // Nothing of these is published.
        let everybody = get("/public/years/2019/state", PageFrame(visitor: .nobody))
        #expect(everybody.contains("Classifications and levels") && !everybody.contains("h-map"))
        #expect(
            !Console(life: "test").respond(to: ConsoleRequest("/years/2019/state"), tables, in: .machine).text
                .contains("h-map")
        )
    }
}
