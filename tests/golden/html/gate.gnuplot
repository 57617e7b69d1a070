reset
set encoding utf8
set decimalsign '.'
set terminal svg size 760,142 dynamic noenhanced font 'sans-serif,13' name 'p1'
$rows << EOD
3.4099999999999997 2.87 3.91 2 0
2.4 -3.1 14.2 10 1
-0.8 -1.7000000000000002 -0.1 2 2
EOD
unset key
set border 3 lc rgb '#5b626b' lw 1
set tics nomirror out scale 0.5 textcolor rgb '#1b1f24'
set grid lt 1 lc rgb '#d8dce1' lw 1
set samples 2
set datafile missing 'NaN'
set label 'latency_p50_ns · digits · pi5' at graph 0, first 0 right offset -1,0 textcolor rgb '#1b1f24'
set label 'load_ns · digits · pi5' at graph 0, first 1 right offset -1,0 textcolor rgb '#1b1f24'
set label 'decode_tokens_per_s · @everyone #1 · …' at graph 0, first 2 right offset -1,0 textcolor rgb '#1b1f24'
set xrange [-3.7920000000000003:14.892]
set format x '%+g'
set lmargin at screen 0.42
set rmargin at screen 0.975
set tmargin at screen 0.9437
set bmargin at screen 0.4085
set yrange [2.5:-0.5]
set ytics 1
set format y ''
set arrow from first 0, graph 0 to first 0, graph 1 nohead lc rgb '#5b626b' lw 1
set xlabel 'change, %; worse to the right' textcolor rgb '#1b1f24' offset 0,0.2
plot $rows using (0):5:(0):4:($5-0.32):($5+0.32) with boxxyerror fs solid noborder lc rgb '#dcebf7', $rows using 1:5:2:3 with xerrorbars pt 7 ps 0.7 lw 1.6 lc rgb '#0072b2'
set output
reset
set encoding utf8
set decimalsign '.'
set terminal svg size 760,118 dynamic noenhanced font 'sans-serif,13' name 'p2'
$medians1 << EOD
13.297329 0
13.174206 0
5.53093 1
5.633354 1
5.479718 1
EOD
$medians0 << EOD
13.543575 0
EOD
$cases << EOD
12.312345 12.252345 12.432345 0
5.121234 5.105734 5.152234 1
EOD
unset key
set border 3 lc rgb '#5b626b' lw 1
set tics nomirror out scale 0.5 textcolor rgb '#1b1f24'
set grid lt 1 lc rgb '#d8dce1' lw 1
set samples 2
set datafile missing 'NaN'
set label '1  fp32' at graph 0, first 0 right offset -1,0 textcolor rgb '#1b1f24'
set label '2  int8' at graph 0, first 1 right offset -1,0 textcolor rgb '#1b1f24'
unset logscale x
set xtics autofreq
set format x '%g'
set xrange [4.59946354:14.04984546]
set lmargin at screen 0.34
set rmargin at screen 0.975
set tmargin at screen 0.9322
set bmargin at screen 0.4915
set yrange [1.5:-0.5]
set ytics 1
set format y ''
set xlabel 'median latency, ms' textcolor rgb '#1b1f24' offset 0,0.2
plot $cases using 1:($4+0.2):2:3 with xerrorbars pt 13 ps 0.8 lw 1.5 lc rgb '#1b1f24', $medians1 using 1:($2-0.2) with points pt 6 ps 0.55 lw 1.3 lc rgb '#0072b2', $medians0 using 1:($2-0.2) with points pt 2 ps 0.6 lw 1.3 lc rgb '#b3261e'
set output
reset
set encoding utf8
set decimalsign '.'
set terminal svg size 760,270 dynamic noenhanced font 'sans-serif,13' name 'p3'
$first << EOD
0.55 12.312345
0.625 13.174206
0.7 14.036067
0.775 12.435468
0.85 13.297329
0.925 14.15919
1 12.558591
1.075 13.420452
1.15 14.282313
1.225 12.681714
1.3 13.543575
1.375 14.405436
2.55 13.051083
2.625 13.912944
2.7 12.312345
2.775 13.174206
2.85 14.036067
2.925 12.435468
3 13.297329
3.075 14.15919
3.15 12.558591
3.225 382.790802
3.3 14.282313
3.375 12.681714
EOD
$extreme << EOD
NaN NaN
EOD
$void << EOD
1.55 12.681714
1.625 13.543575
1.7 14.405436
1.775 12.804837
1.85 13.666698
1.925 14.528559
2 12.92796
2.075 13.789821
2.15 14.651682
2.225 13.051083
2.3 13.912944
2.375 12.312345
EOD
$above << EOD
NaN NaN
EOD
$curves1 << EOD
0 12.312345
0.025 12.312345
0.05 12.312345
0.075 12.312345
0.1 12.435468
0.125 12.435468
0.15 12.435468
0.175 12.558591
0.2 12.558591
0.225 12.558591
0.25 12.558591
0.275 12.681714
0.3 12.681714
0.325 12.681714
0.35 13.174206
0.375 13.174206
0.4 13.174206
0.425 13.297329
0.45 13.297329
0.475 13.297329
0.5 13.297329
0.525 13.420452
0.55 13.420452
0.575 13.420452
0.6 13.543575
0.625 13.543575
0.65 13.543575
0.675 14.036067
0.7 14.036067
0.725 14.036067
0.75 14.036067
0.775 14.15919
0.8 14.15919
0.825 14.15919
0.85 14.282313
0.875 14.282313
0.9 14.282313
0.925 14.405436
0.95 14.405436
0.96 14.405436
0.97 14.405436
0.98 14.405436
0.99 14.405436
0.995 14.405436
1 14.405436

0 12.312345
0.025 12.312345
0.05 12.312345
0.075 12.312345
0.1 12.435468
0.125 12.435468
0.15 12.435468
0.175 12.558591
0.2 12.558591
0.225 12.558591
0.25 12.558591
0.275 12.681714
0.3 12.681714
0.325 12.681714
0.35 13.051083
0.375 13.051083
0.4 13.051083
0.425 13.174206
0.45 13.174206
0.475 13.174206
0.5 13.174206
0.525 13.297329
0.55 13.297329
0.575 13.297329
0.6 13.912944
0.625 13.912944
0.65 13.912944
0.675 14.036067
0.7 14.036067
0.725 14.036067
0.75 14.036067
0.775 14.15919
0.8 14.15919
0.825 14.15919
0.85 14.282313
0.875 14.282313
0.9 14.282313
0.925 382.790802
0.95 382.790802
0.96 382.790802
0.97 382.790802
0.98 382.790802
0.99 382.790802
0.995 382.790802
1 382.790802
EOD
$curves0 << EOD
0 12.312345
0.025 12.312345
0.05 12.312345
0.075 12.312345
0.1 12.681714
0.125 12.681714
0.15 12.681714
0.175 12.804837
0.2 12.804837
0.225 12.804837
0.25 12.804837
0.275 12.92796
0.3 12.92796
0.325 12.92796
0.35 13.051083
0.375 13.051083
0.4 13.051083
0.425 13.543575
0.45 13.543575
0.475 13.543575
0.5 13.543575
0.525 13.666698
0.55 13.666698
0.575 13.666698
0.6 13.789821
0.625 13.789821
0.65 13.789821
0.675 13.912944
0.7 13.912944
0.725 13.912944
0.75 13.912944
0.775 14.405436
0.8 14.405436
0.825 14.405436
0.85 14.528559
0.875 14.528559
0.9 14.528559
0.925 14.651682
0.95 14.651682
0.96 14.651682
0.97 14.651682
0.98 14.651682
0.99 14.651682
0.995 14.651682
1 14.651682
EOD
set multiplot
unset key
set border 3 lc rgb '#5b626b' lw 1
set tics nomirror out scale 0.5 textcolor rgb '#1b1f24'
set grid lt 1 lc rgb '#d8dce1' lw 1
set samples 2
set datafile missing 'NaN'
set logscale y 10
set ytics (20, 50, 100, 200)
set format y '%g'
set yrange [10.70638695652174:440.20942229999997]
set object 1 rectangle from graph 0, first 12.252345 to graph 1, first 12.432345 fillcolor rgb '#dcebf7' fillstyle solid noborder behind
set arrow 1 from graph 0, first 12.312345 to graph 1, first 12.312345 nohead lw 1 lc rgb '#1b1f24' front
set label 1000000 'latency, ms' at screen 0.02, graph 0.5 center rotate by 90 textcolor rgb '#1b1f24'
set lmargin at screen 0.10
set rmargin at screen 0.62
set tmargin at screen 0.95
set bmargin at screen 0.225
set xrange [0.4:3.6]
set xtics 1, 1
set xlabel 'block (a fresh process each), its inferences in order' textcolor rgb '#1b1f24' offset 0,0.2
plot $extreme with points pt 7 ps 0.2 lc rgb '#5b626b', $first with points pt 7 ps 0.3 lc rgb '#0072b2', $void with points pt 2 ps 0.35 lc rgb '#b3261e', $above with points pt 9 ps 0.5 lc rgb '#1b1f24'
set logscale y 10
set ytics (20, 50, 100, 200)
set format y ''
set yrange [10.70638695652174:440.20942229999997]
unset label 1000000
set lmargin at screen 0.66
set rmargin at screen 0.975
set format x '%g'
set xrange [0:1]
set xtics (0, 0.25, 0.5, 0.75, 1)
set xlabel 'share of the block at most so slow' textcolor rgb '#1b1f24' offset 0,0.2
plot $curves1 with lines lw 1 lc rgb '#0072b2', $curves0 with lines lw 1 dt 2 lc rgb '#b3261e'
unset multiplot
set output
reset
set encoding utf8
set decimalsign '.'
set terminal svg size 760,270 dynamic noenhanced font 'sans-serif,13' name 'p4'
$first << EOD
0.55 5.121234
0.625 5.479718
0.7 5.838202
0.775 5.172446
0.85 5.53093
0.925 5.889414
1 5.223658
1.075 5.582142
1.15 5.940626
1.225 5.27487
1.3 5.633354
1.375 5.991838
1.55 5.27487
1.625 5.633354
1.7 5.991838
1.775 5.326082
1.85 5.684566
1.925 6.04305
2 5.377294
2.075 5.735778
2.15 6.094262
2.225 5.428506
2.3 5.78699
2.375 5.121234
2.55 5.428506
2.625 5.78699
2.7 5.121234
2.775 5.479718
2.85 5.838202
2.925 5.172446
3 5.53093
3.075 5.889414
3.15 5.223658
3.225 159.219162
3.3 5.940626
3.375 5.27487
EOD
$extreme << EOD
NaN NaN
EOD
$void << EOD
NaN NaN
EOD
$above << EOD
NaN NaN
EOD
$curves1 << EOD
0 5.121234
0.025 5.121234
0.05 5.121234
0.075 5.121234
0.1 5.172446
0.125 5.172446
0.15 5.172446
0.175 5.223658
0.2 5.223658
0.225 5.223658
0.25 5.223658
0.275 5.27487
0.3 5.27487
0.325 5.27487
0.35 5.479718
0.375 5.479718
0.4 5.479718
0.425 5.53093
0.45 5.53093
0.475 5.53093
0.5 5.53093
0.525 5.582142
0.55 5.582142
0.575 5.582142
0.6 5.633354
0.625 5.633354
0.65 5.633354
0.675 5.838202
0.7 5.838202
0.725 5.838202
0.75 5.838202
0.775 5.889414
0.8 5.889414
0.825 5.889414
0.85 5.940626
0.875 5.940626
0.9 5.940626
0.925 5.991838
0.95 5.991838
0.96 5.991838
0.97 5.991838
0.98 5.991838
0.99 5.991838
0.995 5.991838
1 5.991838

0 5.121234
0.025 5.121234
0.05 5.121234
0.075 5.121234
0.1 5.27487
0.125 5.27487
0.15 5.27487
0.175 5.326082
0.2 5.326082
0.225 5.326082
0.25 5.326082
0.275 5.377294
0.3 5.377294
0.325 5.377294
0.35 5.428506
0.375 5.428506
0.4 5.428506
0.425 5.633354
0.45 5.633354
0.475 5.633354
0.5 5.633354
0.525 5.684566
0.55 5.684566
0.575 5.684566
0.6 5.735778
0.625 5.735778
0.65 5.735778
0.675 5.78699
0.7 5.78699
0.725 5.78699
0.75 5.78699
0.775 5.991838
0.8 5.991838
0.825 5.991838
0.85 6.04305
0.875 6.04305
0.9 6.04305
0.925 6.094262
0.95 6.094262
0.96 6.094262
0.97 6.094262
0.98 6.094262
0.99 6.094262
0.995 6.094262
1 6.094262

0 5.121234
0.025 5.121234
0.05 5.121234
0.075 5.121234
0.1 5.172446
0.125 5.172446
0.15 5.172446
0.175 5.223658
0.2 5.223658
0.225 5.223658
0.25 5.223658
0.275 5.27487
0.3 5.27487
0.325 5.27487
0.35 5.428506
0.375 5.428506
0.4 5.428506
0.425 5.479718
0.45 5.479718
0.475 5.479718
0.5 5.479718
0.525 5.53093
0.55 5.53093
0.575 5.53093
0.6 5.78699
0.625 5.78699
0.65 5.78699
0.675 5.838202
0.7 5.838202
0.725 5.838202
0.75 5.838202
0.775 5.889414
0.8 5.889414
0.825 5.889414
0.85 5.940626
0.875 5.940626
0.9 5.940626
0.925 159.219162
0.95 159.219162
0.96 159.219162
0.97 159.219162
0.98 159.219162
0.99 159.219162
0.995 159.219162
1 159.219162
EOD
$curves0 << EOD
NaN NaN
EOD
set multiplot
unset key
set border 3 lc rgb '#5b626b' lw 1
set tics nomirror out scale 0.5 textcolor rgb '#1b1f24'
set grid lt 1 lc rgb '#d8dce1' lw 1
set samples 2
set datafile missing 'NaN'
set logscale y 10
set ytics (5, 10, 20, 50, 100)
set format y '%g'
set yrange [4.45324695652174:183.1020363]
set object 1 rectangle from graph 0, first 5.105734 to graph 1, first 5.152234 fillcolor rgb '#dcebf7' fillstyle solid noborder behind
set arrow 1 from graph 0, first 5.121234 to graph 1, first 5.121234 nohead lw 1 lc rgb '#1b1f24' front
set label 1000000 'latency, ms' at screen 0.02, graph 0.5 center rotate by 90 textcolor rgb '#1b1f24'
set lmargin at screen 0.10
set rmargin at screen 0.62
set tmargin at screen 0.95
set bmargin at screen 0.225
set xrange [0.4:3.6]
set xtics 1, 1
set xlabel 'block (a fresh process each), its inferences in order' textcolor rgb '#1b1f24' offset 0,0.2
plot $extreme with points pt 7 ps 0.2 lc rgb '#5b626b', $first with points pt 7 ps 0.3 lc rgb '#0072b2', $void with points pt 2 ps 0.35 lc rgb '#b3261e', $above with points pt 9 ps 0.5 lc rgb '#1b1f24'
set logscale y 10
set ytics (5, 10, 20, 50, 100)
set format y ''
set yrange [4.45324695652174:183.1020363]
unset label 1000000
set lmargin at screen 0.66
set rmargin at screen 0.975
set format x '%g'
set xrange [0:1]
set xtics (0, 0.25, 0.5, 0.75, 1)
set xlabel 'share of the block at most so slow' textcolor rgb '#1b1f24' offset 0,0.2
plot $curves1 with lines lw 1 lc rgb '#0072b2', $curves0 with lines lw 1 dt 2 lc rgb '#b3261e'
unset multiplot
set output
reset
set encoding utf8
set decimalsign '.'
set terminal svg size 760,270 dynamic noenhanced font 'sans-serif,13' name 'p5'
$row0 << EOD
0 4
1 45.286102294921875
2 31
3 38.019073486328125
4 38.019073486328125
5 NaN
EOD
$row1 << EOD
0 4
1 22
2 15.0078125
3 19
4 19
5 NaN
EOD
unset key
set border 3 lc rgb '#5b626b' lw 1
set tics nomirror out scale 0.5 textcolor rgb '#1b1f24'
set grid lt 1 lc rgb '#d8dce1' lw 1
set samples 2
set datafile missing 'NaN'
set key above left horizontal Left reverse samplen 2 textcolor rgb '#1b1f24'
set xrange [-0.4:5.4]
set xtics ('before load' 0, 'load, peak' 1, 'after load' 2, 'warm-up, peak' 3, 'run, peak' 4, 'after unload' 5)
set label 1000000 'resident, MiB' at screen 0.02, graph 0.5 center rotate by 90 textcolor rgb '#1b1f24'
set yrange [0:48.909]
set lmargin at screen 0.10
set rmargin at screen 0.975
set bmargin at screen 0.12
plot $row0 with linespoints lw 1.5 pt 7 ps 0.7 lc rgb '#0072b2' title '1  fp32', $row1 with linespoints lw 1.5 pt 5 ps 0.7 lc rgb '#c24e00' title '2  int8'
set output
reset
set encoding utf8
set decimalsign '.'
set terminal svg size 760,386 dynamic noenhanced font 'sans-serif,13' name 'p6'
$case0 << EOD
0.5 12.312345
0.5768 13.174206
0.659 14.036067
0.7465 12.435468
0.8241 13.297329
0.9071 14.15919
0.9954 12.558591
1.0737 13.420452
1.1575 14.282313
1.2465 12.681714
1.3257 13.543575
1.4101 14.405436
4.5 12.681714
4.5781 13.543575
4.6616 14.405436
4.7504 12.804837
4.8293 13.666698
4.9135 14.528559
5.003 12.92796
5.0827 13.789821
5.1677 14.651682
5.258 13.051083
5.3384 13.912944
5.4241 12.312345
8.5 13.051083
8.5247 13.912944
8.551 12.312345
8.5743 13.174206
8.5992 14.036067
8.6258 12.435468
8.6493 13.297329
8.6744 14.15919
8.7012 12.558591
8.725 382.790802
9.449 14.282313
9.476 12.681714
EOD
$case1 << EOD
2.5 5.121234
2.5768 5.479718
2.659 5.838202
2.7465 5.172446
2.8241 5.53093
2.9071 5.889414
2.9954 5.223658
3.0737 5.582142
3.1575 5.940626
3.2465 5.27487
3.3257 5.633354
3.4101 5.991838
6.5 5.27487
6.5781 5.633354
6.6616 5.991838
6.7504 5.326082
6.8293 5.684566
6.9135 6.04305
7.003 5.377294
7.0827 5.735778
7.1677 6.094262
7.258 5.428506
7.3384 5.78699
7.4241 5.121234
10.5 5.428506
10.5247 5.78699
10.551 5.121234
10.5743 5.479718
10.5992 5.838202
10.6258 5.172446
10.6493 5.53093
10.6744 5.889414
10.7012 5.223658
10.725 159.219162
11.449 5.940626
11.476 5.27487
EOD
$channel0 << EOD
0 40
1 41.5
2 43
3 44.5
4 46
5 47.5
EOD
set multiplot
unset key
set border 3 lc rgb '#5b626b' lw 1
set tics nomirror out scale 0.5 textcolor rgb '#1b1f24'
set grid lt 1 lc rgb '#d8dce1' lw 1
set samples 2
set datafile missing 'NaN'
set object 1 rectangle from first 0, graph 0 to first 0.5, graph 1 fillcolor rgb '#eef0f2' fillstyle solid noborder behind
set object 2 rectangle from first 0.5, graph 0 to first 1.5, graph 1 fillcolor rgb '#dcebf7' fillstyle solid noborder behind
set object 3 rectangle from first 4, graph 0 to first 4.5, graph 1 fillcolor rgb '#eef0f2' fillstyle solid noborder behind
set object 4 rectangle from first 4.5, graph 0 to first 5.5, graph 1 fillcolor rgb '#dcebf7' fillstyle solid noborder behind
set object 5 rectangle from first 8, graph 0 to first 8.5, graph 1 fillcolor rgb '#eef0f2' fillstyle solid noborder behind
set object 6 rectangle from first 8.5, graph 0 to first 9.5, graph 1 fillcolor rgb '#dcebf7' fillstyle solid noborder behind
set object 7 rectangle from first 2, graph 0 to first 2.5, graph 1 fillcolor rgb '#eef0f2' fillstyle solid noborder behind
set object 8 rectangle from first 2.5, graph 0 to first 3.5, graph 1 fillcolor rgb '#dcebf7' fillstyle solid noborder behind
set object 9 rectangle from first 6, graph 0 to first 6.5, graph 1 fillcolor rgb '#eef0f2' fillstyle solid noborder behind
set object 10 rectangle from first 6.5, graph 0 to first 7.5, graph 1 fillcolor rgb '#dcebf7' fillstyle solid noborder behind
set object 11 rectangle from first 10, graph 0 to first 10.5, graph 1 fillcolor rgb '#eef0f2' fillstyle solid noborder behind
set object 12 rectangle from first 10.5, graph 0 to first 11.5, graph 1 fillcolor rgb '#dcebf7' fillstyle solid noborder behind
set arrow from first 4, graph 0 to first 4, graph 1 nohead lw 1.5 lc rgb '#b3261e' front
set logscale y 10
set ytics (5, 10, 20, 50, 100, 200)
set format y '%g'
set yrange [4.45324695652174:440.20942229999997]
set key above left horizontal Left reverse samplen 1 textcolor rgb '#1b1f24'
set lmargin at screen 0.10
set rmargin at screen 0.975
set tmargin at screen 0.9119
set bmargin at screen 0.4767
set xrange [0:11.6]
set xtics autofreq
set format x ''
set label 1000000 'latency, ms' at screen 0.02, graph 0.5 center rotate by 90 textcolor rgb '#1b1f24'
plot $case0 with points pt 7 ps 0.28 lc rgb '#0072b2' notitle, NaN with points pt 7 ps 0.8 lc rgb '#0072b2' title '1  fp32', $case1 with points pt 5 ps 0.32 lc rgb '#c24e00' notitle, NaN with points pt 5 ps 0.8 lc rgb '#c24e00' title '2  int8'
set tmargin at screen 0.4093
set bmargin at screen 0.1554
unset logscale y
set format y '%g'
set format x '%g'
set ytics 2
set yrange [39.04:48.46]
set key at graph 1, graph 1.02 right bottom horizontal samplen 1.5 textcolor rgb '#1b1f24'
set label 1000000 '°C' at screen 0.02, graph 0.5 center rotate by 90 textcolor rgb '#1b1f24'
set xlabel 'time since the first block, s' textcolor rgb '#1b1f24' offset 0,0.2
plot $channel0 with lines lw 1.3 dt 1 lc rgb '#0072b2' title 'thermal.''<soc>''ˋdateˋ'
unset multiplot
set output
reset
set encoding utf8
set decimalsign '.'
set terminal svg size 760,320 dynamic noenhanced font 'sans-serif,13' name 'p7'
$front << EOD
12.312345 12.252345 12.432345 71.8
5.121234 5.105734 5.152234 71.2
EOD
$behind << EOD
NaN NaN NaN NaN
EOD
$line << EOD
5.121234 71.2
12.312345 71.8
EOD
unset key
set border 3 lc rgb '#5b626b' lw 1
set tics nomirror out scale 0.5 textcolor rgb '#1b1f24'
set grid lt 1 lc rgb '#d8dce1' lw 1
set samples 2
set datafile missing 'NaN'
unset logscale x
set xtics autofreq
set format x '%g'
set xrange [4.66613734:12.87194166]
set yrange [70.7:72.3]
set format y '%g'
set label '1  fp32' at first 12.312345, first 71.8 right offset 0.6,-0.9 textcolor rgb '#1b1f24'
set label '2  int8' at first 5.121234, first 71.2 left offset -0.6,0.9 textcolor rgb '#1b1f24'
set label 1000000 'accuracy, %' at screen 0.02, graph 0.5 center rotate by 90 textcolor rgb '#1b1f24'
set lmargin at screen 0.10
set rmargin at screen 0.975
set tmargin at screen 0.96
set bmargin at screen 0.19
set xlabel 'median latency, ms, with its 95 % interval' textcolor rgb '#1b1f24' offset 0,0.2
plot $line with steps lw 1.5 lc rgb '#007f5f', $behind using 1:4:2:3 with xerrorbars pt 6 ps 0.9 lw 1 lc rgb '#5b626b', $front using 1:4:2:3 with xerrorbars pt 7 ps 0.9 lw 1 lc rgb '#007f5f'
set output
