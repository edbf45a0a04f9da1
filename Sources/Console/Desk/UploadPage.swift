internal import Foundation
internal import Operating
internal import Rules

/// The page for choosing a file.
enum UploadPage {
    /// The most bytes of a file.
    ///
    /// It is held in memory until it is complete.
    static let most = 64 << 20

    static func show(_ call: DeskRoute.Call) throws -> DeskRoute.Reply { try page(call, fault: nil) }

    /// Takes the file.
    ///
    /// Nothing is submitted yet.
    static func take(_ call: DeskRoute.Call) async throws -> DeskRoute.Reply {
        guard let file = call.form?.file, !file.bytes.isEmpty else {
            return try page(call, fault: "Choose a file that is not empty.")
        }
        do {
            return .seeOther(ErrandPage.address(try await begin(file, call)))
        } catch let problem as Problem {
            guard problem.status == 422 else { throw problem }
            return try page(call, fault: "\(problem.detail).")
        }
    }

    /// Begins the submission of a file of a form, or of a request of the API; returns the id of the act.
    ///
    /// - Throws: ``Problem``. If it has the status 422, the file may not be submitted.
    static func begin(_ file: FormData.File, _ call: DeskRoute.Call) async throws -> String {
        let account = try call.account(Acts.upload.needs)
        let kept = try await call.desk.errands.keep(file)
        do {
            if let district = account.district {
                try await checked(kept, of: district)
            }
            return try await call.desk.errands.begin(Acts.upload, [:], account, file: kept)
        } catch let problem as Problem {
            await call.desk.errands.drop(kept)
            guard problem.status == 422 else { throw problem }
            throw Problem(422, "\(kept.name): \(problem.detail). Nothing was submitted")
        }
    }

    /// Runs on another thread, because a large file takes a moment and other visitors must not wait.
    private static func checked(_ file: KeptFile, of district: OrganizationCode) async throws {
        try await Task.detached { try DistrictFile.check(file.path.path, named: file.name, of: district) }.value
    }

    private static func page(_ call: DeskRoute.Call, fault: String?) throws -> DeskRoute.Reply {
        let account = call.frame.visitor.account
        var context: [String: Any] = [
            "token": call.frame.token, "most": "\(most >> 20) MB", "bytes": String(most),
            "large": "The file is larger than \(most >> 20) MB. Choose a smaller one, or use accountability submit.",
            "scope": account?.district
                .map { "In a file of your district \($0), every row must be about one of your students." }
                ?? "The file can have any layout; its header says which.",
        ]
        context["fault"] = fault
        var page = Page(
            title: Acts.upload.title,
            place: .upload,
            lead: "First you see what the file would change. Nothing is submitted until you confirm it."
        )
        page.script = "/desk.js"
        return .page(try page.html(call.tables, "upload", context), status: fault == nil ? 200 : 422)
    }
}
