using System.Globalization;
using Graft.Consensus;
using Graft.Simulation.Disks;
using Graft.Storage;

namespace Graft.Simulation.Storage;

/// <summary>One seed: one history of a log on a simulated disk, held to a reference model at every step.</summary>
/// <remarks>docs/internals/storage-testing.md says what happens in it and what is asked.</remarks>
public sealed partial class LogWorld
{
    private readonly LogWorldOptions _options;
    private readonly Action<string>? _trace;
    private readonly SeededRandom _acts;
    private readonly SeededRandom _faults;
    private readonly SimulatedDisk _disk;
    private readonly LogDriver _driver;
    private readonly LogWriteSource _source;

    private long _steps;
    private bool _startsUnproven;
    private long _crashes;
    private long _damages;
    private ulong _digest = 14695981039346656037;

    private LogWorld(ulong seed, LogRunSettings settings)
    {
        var random = new SeededRandom(seed);
        _options = new LogWorldOptions(random.Fork(), settings);
        _trace = settings.Trace;
        _acts = random.Fork();
        _faults = random.Fork();
        _disk = new SimulatedDisk(random.Fork(), _options.Disk);
        _driver = new LogDriver(_disk, _options.Log);
        _source = new LogWriteSource(_acts, _options, _driver);
        if (_options.ShortReads > 0)
        {
            _disk.SetRate(DiskCall.Read, DiskFault.ShortRead, _options.ShortReads);
        }

        if (_options.Stalls > 0)
        {
            _disk.WhileStalled = _driver.CheckStalled;
            foreach (DiskCall call in (ReadOnlySpan<DiskCall>)[DiskCall.Write, DiskCall.Flush, DiskCall.FlushDirectory])
            {
                _disk.SetRate(call, DiskFault.Stall, _options.Stalls);
            }
        }
    }

    /// <summary>Runs one seed to its end, or to the first thing that may not be.</summary>
    public static LogSeedReport Run(ulong seed, LogRunSettings settings)
    {
        ArgumentNullException.ThrowIfNull(settings);
        var world = new LogWorld(seed, settings);
        (string? failure, string? where) = (null, null);
        try
        {
            world.Play();
        }
        catch (StorageRefusedException refused) when (world._driver.IsRotten && world._driver.IsIdentityLost())
        {
            // Nothing says whose log it is. The node comes back as a new one, and this history is over.
            world.Note($"the end: {refused.Message}");
        }
        catch (InvariantViolationException violation)
        {
            (failure, where) = (violation.Message, violation.StackTrace);
        }
#pragma warning disable CA1031 // Whatever the log throws is a finding of this seed, and the other seeds go on.
        catch (Exception crash)
#pragma warning restore CA1031
        {
            (failure, where) = ($"{crash.GetType().Name}: {crash.Message}", crash.StackTrace);
        }

        if (failure is not null && settings.Trace is not null)
        {
            where = $"{where}\n  the last calls:\n    {string.Join("\n    ", world._disk.TraceLines)}";
        }

        world.Note(failure is null ? "the end" : $"FAILED {failure}");
        return new LogSeedReport
        {
            Seed = seed,
            Options = world._options.ToString(),
            Steps = world._steps,
            Calls = world._disk.CallCount,
            Crashes = world._crashes,
            Acknowledged = world._driver.Acknowledged,
            Damages = world._damages,
            Losses = world._driver.Losses,
            Digest = world._digest,
            Failure = failure,
            Where = where,
        };
    }

    private void Play()
    {
        while (_steps < _options.Steps)
        {
            _steps++;
            Step();
        }

        // Whatever was going on: with an honest disk, space and no further fault the log opens, says what it holds, and takes more.
        Note("the last restart");
        _disk.StopFaults();
        _disk.QuotaBytes = null;
        if (_driver.Log is not null)
        {
            EndProcess(isPowerLost: _faults.Chance(500));
        }

        _driver.Open();
        CheckSpace();
        CommitOne();
        _driver.Close();
        _driver.Open();
        CheckReads(4);
    }

    private void Step()
    {
        if (_driver.Log is null)
        {
            TryOpen();
            return;
        }

        try
        {
            PlanFault();
            Act();
        }
        catch (ProcessDiedException)
        {
            Note("died in a call");
            EndProcess(isPowerLost: _faults.Chance(700));
        }
        catch (StorageFailedException failed)
        {
            LogDriver.Require(_options.FailsCalls || _options.Rots || _options.FalseWrites, $"storage failed on a disk without faults: {failed.Message}");
            Note($"failed: {failed.Operation} {failed.Path}");
            if (_driver.Log is not null)
            {
                CheckIsOver();
            }

            EndProcess(isPowerLost: _faults.Chance(400));
        }
    }

    private void TryOpen()
    {
        try
        {
            // Crashes while it recovers, and again.
            if (_options.DiesInCalls && _faults.Chance(_startsUnproven ? 800 : 300))
            {
                _disk.DieAtCall(_faults.Next(1, _faults.Chance(700) ? 40 : 400));
            }
            else if (_options.FailsCalls && _faults.Chance(300))
            {
                _disk.FailCall(_faults.Next(1, 60));
            }

            _driver.Open();
            Note(string.Create(CultureInfo.InvariantCulture, $"opened, incarnation {_driver.Log!.Incarnation}, batch {_driver.Log.DurableBatch}: {string.Join(' ', _driver.Log.Recovery.Notes)}"));
            if (_options.FillsDisk && _faults.Chance(500))
            {
                _disk.QuotaBytes = null;
            }
        }
        catch (ProcessDiedException)
        {
            Note("died in recovery");
            EndProcess(isPowerLost: _faults.Chance(700));
        }
        catch (StorageFailedException failed)
        {
            LogDriver.Require(_options.FailsCalls || _options.FillsDisk, $"a start failed on a disk without faults: {failed.Message}");
            Note($"a start failed: {failed.Operation} {failed.Path}");
            EndProcess(isPowerLost: _faults.Chance(700));
            if (failed.InnerException is DiskException { Error: DiskError.NoSpace })
            {
                _disk.QuotaBytes = null;
            }
        }
    }

    private void Act()
    {
        if (_faults.Chance(_options.Ends))
        {
            End();
            return;
        }

        if (_options.Maintains > 0 && _acts.Chance(_options.Maintains))
        {
            int rounds = _acts.Next(1, 5);
            while (rounds-- > 0 && _driver.Maintain())
            {
            }

            return;
        }

        if (_options.FillsDisk && _faults.Chance(30))
        {
            _disk.QuotaBytes = _disk.QuotaBytes is null ? _disk.UsedBytes + _faults.Next(0, (int)_options.Log.SegmentBytes * 2) : null;
            Note(_disk.QuotaBytes is null ? "space again" : "the disk fills");
        }

        switch (_acts.Next(0, 9))
        {
            case 0:
                CheckReads(_acts.Next(1, 4));
                break;
            case 1 when _driver.Log!.WantsMark:
                _driver.Mark();
                break;
            default:
                Batch();
                break;
        }
    }

    // Several groups in one batch, and several batches for one write.
    private void Batch()
    {
        int writes = _acts.Next(1, _options.BatchWrites);
        for (int i = 0; i < writes; i++)
        {
            LogWrite write = _source.Next();
            Note(LogWriteSource.Describe(write));
            if (!TryStage(write))
            {
                return;
            }

            // What was staged is read back before it is written.
            if (_acts.Chance(50))
            {
                CheckReads(1);
            }
        }

        if (_faults.Chance(_options.Ends / 2))
        {
            Note("ends with a batch staged");
            EndProcess(isPowerLost: _faults.Chance(600));
            return;
        }

        WriteAndFlush();
    }

    private bool TryStage(LogWrite write)
    {
        bool isHealed = false;
        while (true)
        {
            StageOutcome outcome = _driver.Stage(write);
            if (outcome == StageOutcome.Staged)
            {
                return true;
            }

            if (outcome == StageOutcome.NoSpace)
            {
                // A log that met a full disk refuses until maintenance has found space again.
                LogDriver.Require(!isHealed, "there is no space on a disk without bounds");
                Note("no space");
                if (_driver.Log!.HasStaged)
                {
                    WriteAndFlush();
                }

                // A restart on the full disk, or space: then the same write goes on.
                if (_faults.Chance(300))
                {
                    EndProcess(isPowerLost: _faults.Chance(500));
                    return false;
                }

                _disk.QuotaBytes = null;
                _driver.Maintain();
                isHealed = true;
                continue;
            }

            if (!WriteAndFlush())
            {
                return false;
            }
        }
    }

    private bool WriteAndFlush()
    {
        _driver.Write();
        if (_faults.Chance(_options.Ends / 3))
        {
            Note("ends between write and flush");
            EndProcess(isPowerLost: _faults.Chance(500), isInFlight: true);
            return false;
        }

        FlushToken token = _driver.Flush();
        Mix(token.Batch);
        return true;
    }

    private void CommitOne()
    {
        LogWrite write = _source.Next();
        Note(LogWriteSource.Describe(write));
        while (_driver.Stage(write) != StageOutcome.Staged)
        {
            _driver.Write();
            _driver.Flush();
        }

        _driver.Write();
        _driver.Flush();
    }

    private void CheckIsOver()
    {
        WriteAheadLog log = _driver.Log!;
        LogDriver.Require(log.Failure is not null, "a call failed and the log doesn't say so");
        LogWrite write = _source.Next();
        try
        {
            log.Stage(write);
            LogDriver.Require(false, "a log that failed takes more");
        }
        catch (StorageFailedException)
        {
        }

        try
        {
            log.Flush();
            LogDriver.Require(false, "a log that failed flushes again");
        }
        catch (StorageFailedException)
        {
        }
    }

    private void CheckReads(int count)
    {
        for (int i = 0; i < count; i++)
        {
            GroupId group = _source.PickGroup();
            GroupState state = _driver.Of(group);
            ulong last = state.Last.Index.Value;
            ulong start = state.Start.At.Index.Value;
            ulong first = _acts.Chance(700) ? start + 1 + _acts.NextBelow(Math.Max(1, last - start)) : _acts.NextBelow(last + 3);
            _driver.Read(group, first, first + _acts.NextBelow(20), mayFail: _options.FailsCalls);
        }
    }

    // Whatever was compacted gives its space back: live data, a segment half full of it at worst, and a few spares.
    private void CheckSpace()
    {
        if (_options.Maintains == 0)
        {
            return;
        }

        for (int rounds = 0; _driver.Maintain(); rounds++)
        {
            LogDriver.Require(rounds < 10_000, "maintenance never ends");
        }

        // What this write itself sets free is retired by the next.
        long live = LiveBytes();
        CommitOne();
        live = Math.Max(live, LiveBytes());
        long bound = (8 * live) + (10 * _options.Log.SegmentBytes);
        LogDriver.Require(_driver.Log!.DiskBytes <= bound, $"{_driver.Log.DiskBytes} bytes on disk for {live} bytes of entries");
    }

    private long LiveBytes()
    {
        long live = 0;
        foreach (GroupState group in _driver.Live.Values)
        {
            for (ulong index = group.Start.At.Index.Value + 1; index <= group.Last.Index.Value; index++)
            {
                live += 128 + group.At(index).Payload.Length;
            }
        }

        return live;
    }

    private void Note(string what)
    {
        Mix((ulong)_disk.CallCount);
        Mix((ulong)what.Length);
        _trace?.Invoke(string.Create(CultureInfo.InvariantCulture, $"{_steps,5} {_disk.CallCount,6}  {what}"));
    }

    private void Mix(ulong value) => _digest = unchecked((_digest ^ value) * 1099511628211);
}
