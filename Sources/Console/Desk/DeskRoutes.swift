internal import Operating

/// The addresses that carry out something or call the program.
enum DeskRoutes {
    static let all: [DeskRoute] = signing + desk + errands + acts + reports + tableFiles + ActRoutes.all

    /// The routes that the description of the API lists.
    static let described = all.filter { $0.operation != nil }

    private static let tableFiles = (reports + [release]).flatMap(files)

    private static let next = QueryParameter("next", "The page to show afterwards.", .text(RequestTarget.longest))

    private static let signing: [DeskRoute] = [
        DeskRoute(.get, Address.signIn, needs: .everybody, query: [next]) { try SignInPage.show($0) },
        DeskRoute(.post, Address.signIn, needs: .everybody) { try await SignInPage.take($0) },
        DeskRoute(.get, Address.singleSignOn, needs: .everybody, query: [next]) {
            try await SingleSignOnPage.begin($0)
        },
        DeskRoute(.get, Address.callback, needs: .everybody, isForeign: true) { try await SingleSignOnPage.finish($0) },
        DeskRoute(.post, Address.signOut, needs: .district) { call in
            .seeOther(Address.signIn, headers: [call.desk.signIn.signOut(call.request)])
        },
    ]

    private static let desk: [DeskRoute] = [
        DeskRoute(.get, "/upload", needs: Acts.upload.needs) { try UploadPage.show($0) },
        DeskRoute(.post, "/upload", needs: Acts.upload.needs, bodyLimit: UploadPage.most) {
            try await UploadPage.take($0)
        },
        release,
        DeskRoute(.post, "/release/seen", needs: .data) { try await LookPart.take($0) },
    ]

    private static let release = DeskRoute(.get, "/release", needs: .data) { try await ReleaseDesk.show($0) }

    /// The errand itself knows whose it is.
    private static let errands: [DeskRoute] = [
        DeskRoute(.get, "/errands/{id}", needs: .district) { try await ErrandPage.show($0) },
        DeskRoute(.post, "/errands/{id}/confirm", needs: .district) { try await ErrandPage.confirm($0) },
        DeskRoute(.post, "/errands/{id}/discard", needs: .district) { try await ErrandPage.discard($0) },
    ]

    private static let acts: [DeskRoute] = Acts.all.flatMap { act in
        [
            DeskRoute(.get, act.address, needs: act.needs, query: act.fields.map(\.parameter)) {
                try ActPage.show(act, $0)
            }, DeskRoute(.post, act.address, needs: act.needs) { try await ActPage.take(act, $0) },
        ]
    }

    /// The files of a page's tables.
    private static func files(of page: DeskRoute) -> [DeskRoute] {
        TableFiles.Form.allCases.map { form in
            DeskRoute(
                .get,
                TableFiles.path(page.path, form),
                needs: page.needs,
                query: TableFiles.parameters(page.query)
            ) { call in
                guard case .page(let content, _, _) = try await page.answer(call.whole) else {
                    throw Problem(404, "there is no page with tables here")
                }
                return .page(try call.file(form, of: content))
            }
        }
    }

    private static let reports: [DeskRoute] = ReportPage.all.map { report in
        DeskRoute(.get, report.path, needs: report.needs) { try await report.show($0) }
    }
}
