using System.Buffers;
using System.IO.Compression;
using System.IO.Pipelines;
using Graft.Sqlite;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;

namespace Graft.Server;

/// <summary>Whole databases: <c>/db/backup</c>, <c>/db/load</c> and <c>/boot</c>.</summary>
internal sealed class FileApi(ISqlDatabase database, ClusterView cluster, DataApi data)
{
    // How long the pieces of an upload may take to arrive in the log, all in all.
    private static readonly TimeSpan LoadLifetime = TimeSpan.FromHours(6);

    private static ReadOnlySpan<byte> DatabaseHead => "SQLite format 3\0"u8;

    /// <summary>The database of this node, as it is once this node is as fresh as a quorum; with <c>noleader</c> as it is.</summary>
    internal async Task BackupAsync(Exchange exchange)
    {
        QueryParameters parameters = exchange.Parameters;
        bool isLocal = parameters.Has("noleader");
        if (parameters.Find("fmt") == "sql")
        {
            throw parameters.Has("vacuum")
                ? new RequestRefusedException(StatusCodes.Status500InternalServerError, "invalid backup format")
                : new RequestRefusedException(StatusCodes.Status501NotImplemented, "a backup is a database file; sqlite3 file .dump makes a text of it");
        }

        if (!isLocal)
        {
            if (await cluster.TryRedirectAsync(exchange))
            {
                return;
            }

            await cluster.Group.WaitAsync(ReadConsistency.Linearizable, exchange.Timeout, exchange.Gone);
        }

        cluster.SetServedBy(exchange);
        exchange.Response.ContentType = "application/octet-stream";
        if (parameters.Has("compress"))
        {
            await using var packed = new GZipStream(exchange.Response.Body, CompressionLevel.Fastest, leaveOpen: true);
            await database.BackupAsync(packed, parameters.Has("vacuum"), exchange.Gone);
        }
        else
        {
            await database.BackupAsync(exchange.Response.Body, parameters.Has("vacuum"), exchange.Gone);
        }
    }

    /// <summary>A database file that takes the place of what is there, or a text of SQL that is run.</summary>
    internal async Task LoadAsync(Exchange exchange)
    {
        if (await cluster.TryRedirectAsync(exchange))
        {
            return;
        }

        if (await IsDatabaseAsync(exchange))
        {
            await ReplaceAsync(exchange);
        }
        else
        {
            await data.LoadTextAsync(exchange);
        }
    }

    /// <summary>The same for a cluster of one, with a file alone.</summary>
    internal async Task BootAsync(Exchange exchange)
    {
        if (cluster.Group.Members.Members.Length > 1)
        {
            throw new RequestRefusedException(StatusCodes.Status503ServiceUnavailable, "this cluster has more than one node; use /db/load");
        }

        if (!await IsDatabaseAsync(exchange))
        {
            throw new RequestRefusedException("invalid SQLite data");
        }

        await ReplaceAsync(exchange);
    }

    // Nothing of the body is taken.
    private async Task<bool> IsDatabaseAsync(Exchange exchange)
    {
        // Files have a limit of their own, and aren't held in memory.
        if (exchange.Http.Features.Get<IHttpMaxRequestBodySizeFeature>() is { IsReadOnly: false } limit)
        {
            limit.MaxRequestBodySize = cluster.Options.LoadBytesMax;
        }

        PipeReader body = exchange.Request.BodyReader;
        ReadResult read = await body.ReadAtLeastAsync(DatabaseHead.Length, exchange.Gone);
        bool isDatabase = IsDatabase(read.Buffer);
        body.AdvanceTo(read.Buffer.Start);
        return isDatabase;
    }

    private static bool IsDatabase(ReadOnlySequence<byte> start)
    {
        Span<byte> head = stackalloc byte[DatabaseHead.Length];
        if (start.Length < head.Length)
        {
            return false;
        }

        start.Slice(0, head.Length).CopyTo(head);
        return head.SequenceEqual(DatabaseHead);
    }

    // The log takes it piece by piece and has to know its hash before: so it lies on this node's disk meanwhile.
    private async Task ReplaceAsync(Exchange exchange)
    {
        await using var file = new FileStream(
            cluster.Options.NewUpload(), FileMode.CreateNew, FileAccess.ReadWrite, FileShare.None, bufferSize: 0, FileOptions.DeleteOnClose);
        await exchange.Request.BodyReader.CopyToAsync(file, exchange.Gone);
        file.Position = 0;
        SqlWritten written = await database.LoadAsync(file, LoadLifetime, exchange.Gone);
        cluster.SetServedBy(exchange);
        exchange.SetHeader("X-Graft-Index", written.Index.Value);
        AnswerForm form = AnswerForm.Of(exchange.Parameters, isOfQuery: false);
        await HttpText.WriteJsonAsync(
            exchange.Http, output => new AnswerWriter(output, form).WriteError(written.Answer.Refusal?.Message, new AnswerTail(exchange.Elapsed)));
    }
}
