import Foundation
import Operating
import Testing

@testable import Console

/// The acts of the API: the same as those of the forms, for the same people.
@Suite struct ActAPITests {
    private typealias Document = [String: Any]

    private func bench(_ accounts: (Role, String)...) throws -> SignInBench {
        try SignInBench(accounts.map { try AccessExample.account($0.0, $0.1) })
    }

    private func object(_ answer: ConsoleResponse) throws -> Document {
        try #require(try JSONSerialization.jsonObject(with: Data(answer.body)) as? Document, "\(answer.text)")
    }

    /// Somebody who is signed in, with the token of the session.
    private func session(_ bench: SignInBench, _ name: String = "anna") async throws -> (cookie: String, token: String)
    {
        let cookie = try await bench.signIn(name)
        let token = try #require(try object(await bench.get("/api/v1/session", cookie))["token"] as? String)
        return (cookie, token)
    }

    private func post(
        _ bench: SignInBench,
        _ path: String,
        _ body: String,
        _ session: (cookie: String, token: String)?,
        type: String? = "application/json",
        _ change: (inout ConsoleRequest) -> Void = { _ in }
    ) async -> ConsoleResponse {
        var request = ConsoleRequest("/api/v1\(path)", method: "POST")
        (request.cookie, request.token, request.contentType) = (session?.cookie, session?.token, type)
        request.body = Array(body.utf8)
        change(&request)
        return await bench.site.respond(to: request)
    }

    private func post(
        _ bench: SignInBench,
        _ path: String,
        _ fields: [String: String],
        _ session: (cookie: String, token: String)
    ) async throws -> ConsoleResponse {
        await post(bench, path, String(decoding: try JSONEncoder().encode(fields), as: UTF8.self), session)
    }

    /// The description of the API, as a program reads it.
    private struct Description {
        let paths: [String: [String: Document]]
        let validator: SchemaValidator

        init(_ bench: SignInBench) async throws {
            let text = await bench.get("/api/v1/openapi.json").body
            let document = try #require(try JSONSerialization.jsonObject(with: Data(text)) as? Document)
            let components = try #require(document["components"] as? Document)
            validator = SchemaValidator(components: try #require(components["schemas"] as? Document))
            paths = try #require(document["paths"] as? [String: [String: Document]])
        }

        /// What in an answer is not as it is described.
        func faults(_ answer: ConsoleResponse, _ method: String, _ path: String) throws -> [String] {
            let responses = paths[path]?[method]?["responses"] as? [String: Document]
            guard let response = responses?["\(answer.status)"] else {
                return ["\(path): \(answer.status) is not described"]
            }
            let type = try #require(answer["Content-Type"])
            let content = response["content"] as? [String: Document]
            guard let schema = content?[type]?["schema"] as? Document else {
                return ["\(path): \(type) is not described"]
            }
            return validator.faults(try JSONSerialization.jsonObject(with: Data(answer.body)), schema, path)
        }
    }

    private static let values: [String: [String: String]] = [
        "open-year": ["year": "2019"], "close-year": ["year": "2019", "incomplete": ""],
        "release": ["kind": "preliminary", "year": "2019", "date": "2019-09-10", "embargo": "2019-09-24"],
        "withdraw-release": ["kind": "official", "year": "2019", "org": "00010000"],
        "withdraw": ["submission": "20190601T000000011Z-000011", "reason": "A \"reason\""],
        "deliveries": [:], "quarantine": [:],
    ]

    @Test("Every act answers as it is described, and is carried out as that of the form is")
    func everyAct() async throws {
        let bench = try bench((.operator, "anna"))
        let description = try await Description(bench)
        let anna = try await session(bench)
        let described = description.paths.filter { $0.key.hasPrefix("/api/v1/acts/") }
        #expect(Set(described.keys) == Set(Acts.all.map { "/api/v1\($0.address)" }))
        for (name, values) in Self.values {
            let path = "/api/v1/acts/\(name)"
            let answer = try await post(bench, "/acts/\(name)", values, anna)
            #expect(answer.status == 202, "\(answer.text)")
            #expect(try description.faults(answer, "post", path) == [])
            let address = try #require(answer["Location"])
            #expect(answer["Cache-Control"] == "private, no-store")
            let ready = await bench.get(address, anna.cookie)
            #expect(try description.faults(ready, "get", "/api/v1/errands/{id}") == [])
            #expect(try object(ready)["state"] as? String == "ready" && object(ready)["obstacle"] is NSNull)
            let confirmed = await post(bench, address.replacing("/api/v1", with: "") + "/confirm", "", anna)
            #expect(confirmed.status == 202)
            #expect(try description.faults(confirmed, "post", "/api/v1/errands/{id}/confirm") == [])
            let done = await bench.get(address, anna.cookie)
            #expect(try description.faults(done, "get", "/api/v1/errands/{id}") == [])
            let result = try #require(try object(done)["result"] as? Document)
            let said = ["deliveries", "quarantine"].contains(name) ? "time,by,what" : "carried out\n"
            #expect(result["done"] as? Bool == true && (result["said"] as? String)?.hasPrefix(said) == true)
            let act = try #require(Acts.all.first { $0.name == name })
            #expect(bench.calls.all.last == act.arguments(values.filter { !$0.value.isEmpty }, by: "anna"))
            // Nothing is done twice.
            let again = await post(bench, address.replacing("/api/v1", with: "") + "/confirm", "", anna)
            #expect(try again.status == 409 && description.faults(again, "post", "/api/v1/errands/{id}/confirm") == [])
        }
        let list = await bench.get("/api/v1/errands", anna.cookie)
        #expect(try description.faults(list, "get", "/api/v1/errands") == [])
        #expect(try (object(list)["errands"] as? [Document])?.count == Self.values.count)
        let session = await bench.get("/api/v1/session", anna.cookie)
        #expect(try description.faults(session, "get", "/api/v1/session") == [])
        #expect(try (object(session)["acts"] as? [String])?.count == Acts.all.count + 1)
    }

    @Test("What is wrong is a problem of its own kind, and nothing is done")
    func faults() async throws {
        let bench = try bench((.operator, "anna"))
        let description = try await Description(bench)
        let anna = try await session(bench)
        let release = "{\"kind\":\"official\",\"year\":\"2019\",\"date\":\"2019-09-24\"}"
        let wrong: [(path: String, body: String, type: String?, status: Int, words: String)] = [
            ("/acts/open-year", "{}", "application/json", 422, "year: "),
            ("/acts/open-year", "{\"year\":\"19\"}", "application/json", 422, "year: School year takes"),
            ("/acts/open-year", "{\"year\":\"\"}", "application/json", 422, "year: "),
            ("/acts/open-year", "{\"year\":2019}", "application/json", 400, "texts"),
            ("/acts/open-year", "", "application/json", 400, "texts"),
            ("/acts/open-year", "{\"year\":\"2019\",\"org\":\"1\"}", "application/json", 422, "there is no such field"),
            ("/acts/open-year", "{\"year\":\"2019\"}", "text/plain", 415, "application/json"),
            ("/acts/open-year", "year=2019", "application/x-www-form-urlencoded", 415, "application/json"),
            ("/acts/open-year", "{\"year\":\"2019\"}", nil, 415, "application/json"),
            ("/acts/release", release.replacing("official", with: "--help"), "application/json", 422, "kind: "),
            ("/acts/release", release.replacing("}", with: ",\"org\":\"1\"}"), "application/json", 422, "org: "),
            (
                "/acts/release", release.replacing("}", with: ",\"embargo\":\"2019-09-24\"}"), "application/json", 422,
                "embargo: "
            ),
            (
                "/acts/withdraw", "{\"submission\":\"20190601T000000011Z-000011\",\"reason\":\"a\\u0000b\"}",
                "application/json", 422, "control characters"
            ),
            (
                "/acts/withdraw", "{\"submission\":\"20190601T000000077Z-000077\"}", "application/json", 422,
                "there is no submission"
            ),
            ("/uploads", "", "text/csv", 422, "empty"), ("/uploads", "a", "application/json", 415, "text/csv"),
            ("/uploads?no=1", "a", "text/csv", 400, "there is no parameter"),
            ("/errands/\(String(repeating: "0", count: 32))/confirm", "", nil, 404, "no such act"),
            ("/errands/x/discard", "", nil, 404, "no such act"),
        ]
        for (path, body, type, status, words) in wrong {
            let answer = await post(bench, path, body, anna, type: type)
            #expect(answer.status == status && answer.text.contains(words), "\(path) \(body): \(answer.text)")
            #expect(answer["Content-Type"] == "application/problem+json")
            let template = path.prefix { $0 != "?" }.replacing(#/errands/[0-9a-z]+/#, with: "errands/{id}")
            #expect(try description.faults(answer, "post", "/api/v1\(template)") == [])
        }
        #expect(bench.calls.all.isEmpty)
    }

    @Test("Without the token of the session nothing is done, whoever's cookie comes along")
    func foreignRequests() async throws {
        let bench = try bench((.operator, "anna"), (.operator, "bert"))
        let (anna, bert) = (try await session(bench), try await session(bench, "bert"))
        let body = "{\"year\":\"2019\"}"
        let changes: [(String, (inout ConsoleRequest) -> Void)] = [
            ("no token", { $0.token = nil }), ("an empty one", { $0.token = "" }),
            ("another session's", { $0.token = bert.token }), ("no cookie", { $0.cookie = nil }),
            ("another site", { $0.fetchSite = "cross-site" }),
            ("another origin", { $0.origin = "http://evil.example" }),
            ("another host", { $0.host = "evil.example" }),
        ]
        for (what, change) in changes {
            let answer = await post(bench, "/acts/open-year", body, anna, change)
            #expect([401, 403, 421].contains(answer.status), "\(what): \(answer.status)")
            #expect(answer["Content-Type"] == "application/problem+json")
            // A body that is not taken is not even read.
            var request = ConsoleRequest("/api/v1/uploads", method: "POST")
            (request.cookie, request.token) = (anna.cookie, anna.token)
            #expect(bench.site.bodyLimit(for: request) == UploadPage.most)
            change(&request)
            #expect(bench.site.bodyLimit(for: request) == 0, "\(what)")
        }
        // The field of a form is no header, and the API takes no form.
        let form = await bench.post("/api/v1/acts/open-year", ["year": "2019", "token": anna.token], anna.cookie)
        #expect(form.status == 403)
        // The forms do not take the header in the place of their field.
        let page = await post(bench, "/../acts/open-year", "year=2019", anna, type: "application/x-www-form-urlencoded")
        {
            $0.target = "/acts/open-year"
        }
        #expect(page.status == 403)
        #expect(bench.calls.all.isEmpty)
    }

    @Test("Each address takes who has the role of the form, and nobody else")
    func roles() async throws {
        for role in Role.ofAccounts {
            let bench = try bench((role, "anna"))
            let anna = try await session(bench)
            for route in DeskRoutes.described where route.method == .post {
                let path = route.path.replacing("/api/v1", with: "").replacing("{id}", with: "0")
                let answer = await post(bench, path, "{}", anna, type: nil)
                #expect((answer.status == 403) == (role < route.needs), "\(role) \(path): \(answer.status)")
                #expect(answer.status < 500, "\(role) \(path): \(answer.text)")
                let form = DeskRoutes.all.first {
                    $0.method == .post && $0.path == path.replacing("uploads", with: "upload")
                }
                #expect(form == nil || form?.needs == route.needs, "\(path)")
            }
        }
        // Nobody, and the machine's own visitor while there are no accounts.
        for (bench, status) in [(try bench((.operator, "anna")), 401), (try SignInBench([]), 403)] {
            for route in DeskRoutes.described {
                var request = ConsoleRequest(route.path.replacing("{id}", with: "0"), method: route.method.rawValue)
                request.token = String(repeating: "0", count: 64)
                let answer = await bench.site.respond(to: request)
                #expect(answer.status == status && answer["Content-Type"] == "application/problem+json")
            }
        }
    }

    @Test("A district submits its own rows, and sees what would change of its own")
    func upload() async throws {
        let bench = try bench((.district, "anna"), (.district, "bert"))
        let description = try await Description(bench)
        let (anna, bert) = (try await session(bench), try await session(bench, "bert"))
        let header =
            "school_year,org_code,student_id,grade,race,low_income,el_status,swd,enrolled_since_october,days_enrolled,days_absent\n"
        func file(_ code: String) -> String { "\(header)2019,\(code),no-1,03,white,N,N,N,Y,180,2\n" }
        let refused = await post(bench, "/uploads", file("00020001"), anna, type: "text/csv")
        #expect(refused.status == 422 && refused.text.contains("no organization of your district 00010000"))
        #expect(try description.faults(refused, "post", "/api/v1/uploads") == [])
        #expect(bench.calls.all.isEmpty)
        let answer = await post(
            bench,
            "/uploads?name=..%2F-a%20b.csv",
            file("00010005"),
            anna,
            type: "text/csv; header=present"
        )
        #expect(try answer.status == 202 && description.faults(answer, "post", "/api/v1/uploads") == [])
        let address = try #require(answer["Location"])
        let ready = await bench.get(address, anna.cookie)
        #expect(try description.faults(ready, "get", "/api/v1/errands/{id}") == [])
        #expect(
            ready.text.contains("Own School") && ready.text.contains("unknown_grade") && ready.text.contains("a_b.csv")
        )
        for hidden in ["School 1\"", "00020001", "Unreleased School", "7,777"] { #expect(!ready.text.contains(hidden)) }
        // Another person of the district does not see it.
        let errand = address.replacing("/api/v1", with: "")
        #expect(await bench.get(address, bert.cookie).status == 404)
        for act in ["confirm", "discard"] {
            #expect(await post(bench, "\(errand)/\(act)", "", bert).status == 404)
        }
        #expect(
            try (object(await bench.get("/api/v1/errands", bert.cookie))["errands"] as? [Document])?.isEmpty == true
        )
        _ = await post(bench, "\(errand)/confirm", "", anna)
        let done = await bench.get(address, anna.cookie)
        #expect(done.text.contains("20190601T000000099Z-000099"))
        #expect(
            bench.calls.all.last?.prefix(2) == ["submit", "--json"]
                && bench.calls.all.last?.contains("--by=anna") == true
        )
        let discarded = await post(bench, "\(errand)/discard", "", anna)
        #expect(
            try discarded.status == 200 && description.faults(discarded, "post", "/api/v1/errands/{id}/discard") == []
        )
        #expect(await bench.get(address, anna.cookie).status == 404)
    }

    @Test("An official release takes a second person here too, who finds it")
    func secondPerson() async throws {
        let bench = try bench((.approver, "anna"), (.approver, "bert"), (.data, "carl"))
        let (anna, bert, carl) = (
            try await session(bench), try await session(bench, "bert"), try await session(bench, "carl")
        )
        let fields = ["kind": "official", "year": "2019", "date": "2019-09-24"]
        let address = try #require(try await post(bench, "/acts/release", fields, anna)["Location"])
        let errand = address.replacing("/api/v1", with: "")
        let own = try object(await bench.get(address, anna.cookie))
        #expect(own["needs_second_person"] as? Bool == true && own["obstacle"] is String)
        #expect(await post(bench, "\(errand)/confirm", "", anna).status == 403)
        #expect(await post(bench, "\(errand)/confirm", "", carl).status == 404)
        let found = try object(await bench.get("/api/v1/errands", bert.cookie))["errands"] as? [Document]
        #expect(found?.map { $0["prepared_by"] as? String } == ["anna"])
        #expect(await post(bench, "\(errand)/confirm", "", bert).status == 202)
        let done = try object(await bench.get(address, bert.cookie))
        #expect(done["confirmed_by"] as? String == "bert")
        #expect(bench.calls.all.last?.suffix(2) == ["--by=bert, prepared by anna", "--from-console"])
    }

    @Test("An address says which methods it answers", arguments: ["PUT", "DELETE", "PATCH", "OPTIONS", "TRACE"])
    func methods(_ method: String) async throws {
        for bench in [try bench((.operator, "anna")), try SignInBench([])] {
            for route in DeskRoutes.described {
                let path = route.path.replacing("{id}", with: "0")
                for method in [method, route.method == .get ? "POST" : "GET"] {
                    let answer = await bench.site.respond(to: ConsoleRequest(path, method: method))
                    #expect(answer.status == 405, "\(method) \(path)")
                    #expect(answer["Allow"] == (route.method == .get ? "GET, HEAD" : "POST"))
                }
            }
        }
    }
}
