using Graft.Consensus;

namespace Graft;

/// <content>States compared across nodes.</content>
internal sealed partial class GroupActor
{
    private readonly DigestTally _digests = new();
    private CancellationTokenSource? _digesting;
    private bool _hasUncompared;
    private Instant _compareAt = Instant.Never;
    private LogIndex _alarmed;
    private string? _divergence;

    void IApplierHost.DigestBegun(LogIndex entry, IStateDigest digest) => Tell(_ => ComputeDigest(entry, digest), digest.Dispose);

    void IApplierHost.DigestReported(DigestReport report) => Tell(_ => Compare(report));

    // Nothing new, nothing to compare: an idle group isn't woken for it.
    private void ConsiderComparing(Instant now)
    {
        if (IsComparing && now >= _compareAt)
        {
            _hasUncompared = false;
            _compareAt = now + _settings.CompareInterval;
            Submit(WriteForm.CompareStates, [], new WriteOptions { IsLocalOnly = true });
        }
    }

    private bool IsComparing =>
        _hasUncompared && _applier.HasDigest && _settings.CompareInterval > TimeSpan.Zero && _core.Role == Role.Leader && _halted is null;

    private void ComputeDigest(LogIndex entry, IStateDigest digest)
    {
        if (_digesting is not null)
        {
            // The state is so large that the next comparison has come before this one's end. One at a time.
            digest.Dispose();
            return;
        }

        Volatile.Write(ref _digesting, new CancellationTokenSource());
        CancellationToken cancellation = _digesting.Token;
        _services.DigestLane.Post(() => _ = ComputeDigestAsync(entry, digest, cancellation));
    }

    private async Task ComputeDigestAsync(LogIndex entry, IStateDigest digest, CancellationToken cancellation)
    {
        UInt128? value = null;
        try
        {
            using (digest)
            {
                value = await digest.ComputeAsync(cancellation);
            }
        }
        catch (OperationCanceledException) when (cancellation.IsCancellationRequested)
        {
            return;
        }
        catch (Exception failure) when (failure is not InvariantViolationException)
        {
            Note($"The digest of the state after entry {entry} couldn't be computed. {failure.Message}");
        }

        Tell(_ =>
        {
            _digesting = null;
            if (value is { } computed)
            {
                Submit(WriteForm.ReportDigest, new DigestReport(entry, _core.Id, computed).Encode(), default);
            }
        });
    }

    private void Submit(WriteForm form, byte[] command, WriteOptions options) =>
        _services.Scheduler.Start(() => _ = SubmitAsync(form, command, options));

    private async Task SubmitAsync(WriteForm form, byte[] command, WriteOptions options)
    {
        try
        {
            await WriteAsync(form, command, options, CancellationToken.None);
        }
        catch (GraftException)
        {
            // Nobody waits for it, and the next comparison comes.
        }
    }

    private void Compare(DigestReport report)
    {
        _digests.Add(report.Entry, report.Node, report.Digest);
        DigestVerdict verdict = _digests.Judge(report.Entry, _core.Membership, _core.Id);
        switch (verdict)
        {
            case DigestVerdict.Open:
                return;
            case DigestVerdict.Agree:
                _divergence = null;
                break;
            default:
                _divergence = $"The states of {_id} differ after entry {report.Entry}: {_digests.Describe(report.Entry)}. {Advice(verdict)}";
                break;
        }

        if (_divergence is { } divergence && _alarmed != report.Entry)
        {
            _alarmed = report.Entry;
            _services.Failure.ReportDivergence(_id, divergence);
        }

        if (verdict == DigestVerdict.OursIsWrong && _halted is null)
        {
            _applier.Halt(new ApplyHaltedException(_id, _applied.Next, _divergence!));
        }

        Volatile.Write(ref _view, _view with { Divergence = _divergence });
    }

    private string Advice(DigestVerdict verdict) => verdict switch
    {
        DigestVerdict.OursIsWrong =>
            $"{_core.Id} is in the minority and stops here. To give it a right state: stop it, remove it from the members, empty its data "
            + "directory and its state machine's, and let it join again. Don't rely on what it answered since the last comparison that agreed.",
        DigestVerdict.AnothersIsWrong => "Whoever differs from the majority stops and says how to go on.",
        _ => "No majority of voters has the same, so nobody can tell which is right, and all go on. Stop writing, and find out from the data.",
    };
}
