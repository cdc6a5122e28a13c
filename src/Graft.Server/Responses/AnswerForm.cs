namespace Graft.Server;

/// <summary>In which of its forms an answer is wanted.</summary>
internal sealed record AnswerForm
{
    /// <summary>Statements that have changed something are answered with what they changed; of a query, with no rows.</summary>
    internal bool IsOfQuery { get; init; }

    internal bool IsPretty { get; init; }

    internal bool IsAssociative { get; init; }

    /// <summary>Columns are named with their tables.</summary>
    internal bool IsQualified { get; init; }

    /// <summary>Each statement has a result; otherwise each text of the request has one, that of its last statement.</summary>
    internal bool IsOfEachStatement { get; init; }

    internal Typing Typing { get; init; }

    internal static AnswerForm Of(QueryParameters parameters, bool isOfQuery) => new()
    {
        IsOfQuery = isOfQuery,
        IsPretty = parameters.Has("pretty"),
        IsAssociative = parameters.Has("associative"),
        IsQualified = parameters.Has("qualify_columns"),
        IsOfEachStatement = parameters.Has("all_results"),
        Typing = parameters.Find("typing") == "lossless" ? Typing.Lossless : parameters.Has("blob_array") ? Typing.BlobArray : Typing.Dialect,
    };
}
