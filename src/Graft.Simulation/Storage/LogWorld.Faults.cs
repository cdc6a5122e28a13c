using System.Globalization;
using Graft.Simulation.Disks;

namespace Graft.Simulation.Storage;

/// <content>Ends of the process, and damage to the medium.</content>
public sealed partial class LogWorld
{
    private void PlanFault()
    {
        PlanFalseWrite();
        if (_options.DiesInCalls && _faults.Chance(15))
        {
            _disk.DieAtCall(_faults.Next(1, 30));
        }

        if (_options.FailsCalls && _faults.Chance(15))
        {
            if (_faults.Chance(500))
            {
                _disk.FailCall(_faults.Chance(700) ? DiskCall.Flush : DiskCall.Write, _faults.Next(1, 3));
            }
            else
            {
                _disk.FailCall(_faults.Next(1, 30));
            }
        }
    }

    // Nothing shows while the page cache has it. What has come to light is damage, and from then on held to what damage is held to.
    private void PlanFalseWrite()
    {
        if (_options.FalseWrites && _faults.Chance(15))
        {
            _disk.FailCall(DiskCall.Write, _faults.Next(1, 6), _faults.Chance(500) ? DiskFault.LostWrite : DiskFault.MisdirectedWrite);
        }

        if (_options.FalseWrites && _faults.Chance(10))
        {
            _disk.EvictCache();
            BringFalseWritesToLight();
        }
    }

    private void BringFalseWritesToLight()
    {
        long made = _disk.Count(DiskFault.LostWrite) + _disk.Count(DiskFault.MisdirectedWrite);
        if (made > _damages && _options.FalseWrites)
        {
            Note(string.Create(CultureInfo.InvariantCulture, $"{made - _damages} false writes come to light"));
            _damages = made;
            _driver.IsRotten = true;
        }
    }

    private void End()
    {
        if (_faults.Chance(300))
        {
            Note("closes in order");
            _driver.Close();
            if (_options.Rots && _faults.Chance(500))
            {
                Rot();
            }
            else if (_faults.Chance(300))
            {
                _disk.Crash(CrashMode.Drawn);
                BringFalseWritesToLight();
            }

            return;
        }

        EndProcess(isPowerLost: _faults.Chance(600));
    }

    private void EndProcess(bool isPowerLost, bool isInFlight = false)
    {
        // What the next start takes from the page cache is on no platter yet.
        _startsUnproven = isInFlight && !isPowerLost;
        _crashes++;
        _driver.Abandon();
        if (isPowerLost)
        {
            _disk.Crash(CrashMode.Drawn);
            BringFalseWritesToLight();
        }
        else
        {
            _disk.Kill();
        }

        Note(isPowerLost ? "power lost" : "killed");
        if (_options.Rots && _faults.Chance(300))
        {
            Rot();
        }
    }

    // One place or a few, whatever lies there; wherever acknowledged bytes are is as likely as the rest.
    private void Rot()
    {
        // The process has ended before it came to the call that it was to die in.
        _disk.DieAtCall(int.MaxValue);
        int count = _faults.Chance(700) ? 1 : _faults.Next(2, 4);
        for (int i = 0; i < count; i++)
        {
            string[] files = [.. _disk.DurableFiles.Intersect(_disk.VisibleFiles, StringComparer.Ordinal).Where(path => path.EndsWith(".log", StringComparison.Ordinal))];
            if (files.Length == 0)
            {
                return;
            }

            string file = files[_faults.Next(0, files.Length - 1)];
            byte[] bytes = _disk.ReadDurable(file);
            if (bytes.Length == 0)
            {
                continue;
            }

            int used = bytes.AsSpan().LastIndexOfAnyExcept((byte)0) + 1;
            int at = _faults.Next(0, Math.Max(0, (_faults.Chance(900) ? used : bytes.Length) - 1));
            if (_faults.Chance(300) && _driver.HeadersIn(file) is { Count: > 0 } headers)
            {
                // Most bytes are payloads, and their rot costs an entry by name. What a header's costs is harder to tell.
                at = headers[_faults.Next(0, headers.Count - 1)] + _faults.Next(0, 63);
            }

            _damages++;
            _driver.IsRotten = true;
            switch (_faults.Next(0, 7))
            {
                case 0 or 1 or 2:
                    int bit = _faults.Next(0, 7);
                    Note(string.Create(CultureInfo.InvariantCulture, $"bit {bit} of {file} @{at} flips"));
                    _disk.FlipBit(file, at, bit);
                    break;
                case 3:
                    Note(string.Create(CultureInfo.InvariantCulture, $"the sector of {file} @{at} is zeros"));
                    _disk.LoseSector(file, at, LostSectorContent.Zeros);
                    break;
                case 4:
                    Note(string.Create(CultureInfo.InvariantCulture, $"the sector of {file} @{at} is what it was"));
                    _disk.LoseSector(file, at, LostSectorContent.Old);
                    break;
                case 5:
                    int length = _faults.Next(1, 8) * 512;
                    Note(string.Create(CultureInfo.InvariantCulture, $"{length} bytes of {file} @{at} can't be read"));
                    for (int lost = at / 512 * 512; lost < at + length && lost < bytes.Length; lost += 512)
                    {
                        // Nobody reads them again, the judge neither.
                        _disk.LoseSector(file, lost, LostSectorContent.Zeros);
                    }

                    _disk.MakeUnreadable(file, at / 512 * 512, length);
                    break;
                case 6 when _faults.Chance(500):
                    Note($"{file} is gone");
                    _disk.Delete(file);
                    _disk.FlushDirectory("log");
                    break;
                default:
                    int sectors = _faults.Chance(300) ? bytes.Length / 512 : _faults.Next(1, 16);
                    int from = sectors * 512 >= bytes.Length ? 0 : at / 512 * 512;
                    Note(string.Create(CultureInfo.InvariantCulture, $"{sectors} sectors of {file} @{from} are zeros"));
                    for (int sector = 0; sector < sectors && from + (sector * 512) < bytes.Length; sector++)
                    {
                        _disk.LoseSector(file, from + (sector * 512), LostSectorContent.Zeros);
                    }

                    break;
            }
        }
    }
}
